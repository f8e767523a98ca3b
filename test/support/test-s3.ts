// The S3 server of the test run, from the environment that the global setup (or the caller) has set.

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'

export interface TestS3 {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKey: string
  readonly secretKey: string
}

export function testS3(): TestS3 {
  const variable = (name: string): string => {
    const value = process.env[name]
    if (value === undefined) throw new Error(`${name} is not set (test/README.md)`)
    return value
  }
  return {
    endpoint: variable('TERSOR_TEST_S3_ENDPOINT'),
    region: process.env['TERSOR_TEST_S3_REGION'] ?? 'us-east-1',
    bucket: process.env['TERSOR_TEST_S3_BUCKET'] ?? 'tersor-test',
    accessKey: variable('TERSOR_TEST_S3_ACCESS_KEY'),
    secretKey: variable('TERSOR_TEST_S3_SECRET_KEY'),
  }
}

/** Does nothing when it exists. */
export async function createTestBucket(s3: TestS3): Promise<void> {
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey },
  })
  try {
    await client.send(new CreateBucketCommand({ Bucket: s3.bucket }))
  } catch (error) {
    if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error
  } finally {
    client.destroy()
  }
}
