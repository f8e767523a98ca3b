// The servers that the rings below share, and that they come back with what they had.

import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { startRedisServer } from '#test/support/servers/redis-server'
import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket, testS3 } from '#test/support/test-s3'
import type { TestS3 } from '#test/support/test-s3'

function connect(s3: TestS3): S3Client {
  return new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey },
  })
}

it('has one Redis and one S3 server for the run', async () => {
  const redis = new Redis(process.env['TERSOR_TEST_REDIS_URL']!)
  expect(await redis.ping()).toBe('PONG')
  redis.disconnect()
  const s3 = connect(testS3())
  const place = { Bucket: testS3().bucket, Key: 'test-servers/hello' }
  await s3.send(new PutObjectCommand({ ...place, Body: 'hello' }))
  const { Body } = await s3.send(new GetObjectCommand(place))
  expect(await Body!.transformToString()).toBe('hello')
  s3.destroy()
})

it('kills Redis and starts it again with what it had acknowledged', async () => {
  const server = await startRedisServer({ appendFsync: 'always' })
  const redis = new Redis(server.url)
  redis.on('error', () => {})
  await redis.set('key', 'value')
  await server.kill()
  await server.start()
  expect(await redis.get('key')).toBe('value')
  redis.disconnect()
  await server.close()
})

it('kills a Redis without a disk and starts it empty', async () => {
  const server = await startRedisServer({ appendFsync: 'none', maxMemory: '16mb' })
  const redis = new Redis(server.url)
  redis.on('error', () => {})
  await redis.set('key', 'value')
  await server.kill()
  await server.start()
  expect(await redis.get('key')).toBeNull()
  redis.disconnect()
  await server.close()
})

it('kills the S3 server and starts it again with what it had stored', async () => {
  const server = await startSwiftServer()
  const place = { ...server, region: 'us-east-1', bucket: 'kept' }
  await createTestBucket(place)
  const s3 = connect(place)
  await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'hello', Body: 'hello' }))
  await server.kill()
  await server.start()
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'hello' }))
  expect(await Body!.transformToString()).toBe('hello')
  s3.destroy()
  await server.close()
})
