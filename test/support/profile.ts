// Which profile a ring of tests runs on: vitest.config.ts sets it.

import { createHash } from 'node:crypto'
import { testS3 } from './test-s3.ts'

export type Profile = 'embedded' | 'distributed'

export function testProfile(): Profile {
  return process.env['TERSOR_TEST_PROFILE'] === 'distributed' ? 'distributed' : 'embedded'
}

/**
 * The variables of docs/config.md that name the stores of this profile: those of one data folder stay the same, so that
 * a process started again finds what was there.
 */
export function profileEnv(dataDir: string): Readonly<Record<string, string>> {
  if (testProfile() === 'embedded') return {}
  const s3 = testS3()
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  const redis = process.env['TERSOR_TEST_REDIS_URL']
  if (redis === undefined) throw new Error('TERSOR_TEST_REDIS_URL is not set (test/README.md)')
  return {
    TERSOR_REDIS_URL: redis,
    TERSOR_REDIS_PREFIX: `test-${name}`,
    TERSOR_S3_BUCKET: s3.bucket,
    TERSOR_S3_ENDPOINT: s3.endpoint,
    TERSOR_S3_REGION: s3.region,
    TERSOR_S3_PREFIX: `test-${name}`,
  }
}

/** Lets clients reach the bucket by presigned addresses, where there is one. */
export function presignedEnv(): Readonly<Record<string, string>> {
  if (testProfile() === 'embedded') return {}
  return { TERSOR_S3_PUBLIC_ENDPOINT: testS3().endpoint }
}

/** What the S3 client reads from the environment of its process. */
export function credentialsEnv(): Readonly<Record<string, string>> {
  if (testProfile() === 'embedded') return {}
  const { accessKey, secretKey } = testS3()
  return { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey }
}
