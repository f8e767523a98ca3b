// Connections to the Redis of the test run, from the environment that the global setup (or the caller) has set.

import { basename } from 'node:path'
import type { Redis } from 'ioredis'
import { closeRedisConnection, openRedisConnection } from '#src/adapters/redis/connection'
import type { RedisRole } from '#src/adapters/redis/connection'

export function testRedisUrl(): string {
  const url = process.env['TERSOR_TEST_REDIS_URL']
  if (url === undefined) throw new Error('TERSOR_TEST_REDIS_URL is not set (test/README.md)')
  return url
}

/** Keys of its own per folder, in one slot. */
export function testPrefix(folder: string): string {
  return `{${basename(folder)}}`
}

/** Opens a port on connections of its own, which close with the port. */
export async function onRedis<P extends { close(): Promise<void> }>(
  roles: readonly RedisRole[],
  open: (...connections: Redis[]) => Promise<P>,
): Promise<P> {
  const connections = roles.map((role) =>
    openRedisConnection(testRedisUrl(), role, { onError: () => undefined }),
  )
  const port = await open(...connections)
  return {
    ...port,
    async close() {
      await port.close()
      for (const connection of connections) await closeRedisConnection(connection)
    },
  }
}
