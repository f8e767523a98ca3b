// Global setup of the rings that need Redis and S3: one of each per run, for all rings, until the run ends.

import { startRedisServer } from './servers/redis-server.ts'
import { startSwiftServer } from './servers/swift-server.ts'
import { createTestBucket, testS3 } from './test-s3.ts'

type Stop = () => Promise<void>

/** Rings set up side by side in one process, each with modules of its own: this they share. */
const shared = globalThis as { tersorTestServers?: Promise<Stop> }

/** Called by vitest before the first test of a ring; what it returns, after the last. */
export async function setup(): Promise<Stop> {
  const first = shared.tersorTestServers === undefined
  shared.tersorTestServers ??= startServers()
  const stop = await shared.tersorTestServers
  return first ? stop : async () => {}
}

async function startServers(): Promise<Stop> {
  const results = await Promise.allSettled([provideRedis(), provideS3()])
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const stop: Stop = async () => {
    await Promise.all(started.map((one) => one()))
  }
  const failed = results.find((result) => result.status === 'rejected')
  if (failed === undefined) return stop
  await stop()
  throw failed.reason
}

async function provideRedis(): Promise<Stop> {
  if (process.env['TERSOR_TEST_REDIS_URL'] !== undefined) return async () => {}
  const server = await startRedisServer()
  process.env['TERSOR_TEST_REDIS_URL'] = server.url
  return () => server.close()
}

async function provideS3(): Promise<Stop> {
  let stop: Stop = async () => {}
  if (process.env['TERSOR_TEST_S3_ENDPOINT'] === undefined) {
    const server = await startSwiftServer()
    process.env['TERSOR_TEST_S3_ENDPOINT'] = server.endpoint
    process.env['TERSOR_TEST_S3_ACCESS_KEY'] = server.accessKey
    process.env['TERSOR_TEST_S3_SECRET_KEY'] = server.secretKey
    stop = () => server.close()
  }
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  await createTestBucket(testS3())
  return stop
}
