// A client of an S3-compatible store, with its limits of time and its tries.

import { S3Client } from '@aws-sdk/client-s3'
import { retryBriefly } from './retry-briefly.ts'

export interface S3Options {
  /** `null`: the one of AWS. */
  readonly endpoint: string | null
  readonly region: string
  /** Whether the bucket is part of the path rather than of the host name: what stores other than AWS expect. */
  readonly forcePathStyle: boolean
  /** `null`: as the AWS tools find them (environment, files, roles). */
  readonly credentials: { readonly accessKey: string; readonly secretKey: string } | null
  /** A connection that moves no byte for so long has failed. */
  readonly idleMs: number
}

export const S3_DEFAULTS = { credentials: null, idleMs: 15_000 } as const
const CONNECT_MS = 5_000
/** Connections of one process at a time. */
const MAX_SOCKETS = 64

export function openS3Client(options: S3Options): S3Client {
  const { endpoint, region, forcePathStyle, credentials, idleMs } = options
  return new S3Client({
    ...(endpoint === null ? {} : { endpoint }),
    region,
    forcePathStyle,
    // Many stores know none of the newer checksums, and one keeps their framing as part of the bytes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    ...(credentials === null
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKey,
            secretAccessKey: credentials.secretKey,
          },
        }),
    retryStrategy: retryBriefly(),
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: idleMs,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  })
}
