// Row 19: a worker loses its way to Redis and computes on; its job runs elsewhere, and what it brings later is refused.

import { setTimeout as sleep } from 'node:timers/promises'
import type { TcpProxy } from '#test/support/tcp-proxy'
import { startTcpProxy } from '#test/support/tcp-proxy'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

/** Longer than a lease. */
const APART_MS = 14_000

export const partition: Fault = {
  row: 19,
  name: 'worker cut off from Redis, goes on computing',
  times: 4,
  run: (context) => {
    const proxies: TcpProxy[] = []
    return runUnderLoad(context, {
      cluster: {
        workers: 2,
        wire: async ({ host, port }) => {
          for (const _ of [0, 1]) proxies.push(await startTcpProxy({ host, port }))
          return {
            env: (role, index) => {
              const proxy = proxies[index]!
              return role === 'worker'
                ? { TERSOR_REDIS_URL: `redis://${proxy.host}:${proxy.port}` }
                : {}
            },
            close: async () => {
              await Promise.all(proxies.map((proxy) => proxy.close()))
            },
          }
        },
      },
      runs: 2000,
      inFlight: 3,
      between: [500, 2500],
      expect: {},
      strike: async (cluster, { random }, round) => {
        const index = random.integer(0, 1)
        const hit = (await cluster.workers[index]!.descendants()).length > 0
        if (round % 2 === 0) proxies[index]!.cut()
        else proxies[index]!.silence()
        await sleep(APART_MS)
        await proxies[index]!.restore()
        return hit
      },
    })
  },
}
