// Row 13: Redis has no memory left and evicts nothing; submissions are refused whole, and go on when there is memory.

import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

export const redisFull: Fault = {
  row: 13,
  name: 'Redis full (OOM command not allowed)',
  times: 4,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 200,
      inFlight: 6,
      between: [500, 2000],
      expect: {},
      strike: async (cluster) => {
        const redis = new Redis(cluster.redis.url)
        await redis.config('SET', 'maxmemory', '1mb')
        await sleep(3000)
        await redis.config('SET', 'maxmemory', '0')
        await redis.quit()
        return true
      },
      measure: async ({ history }) =>
        `answers meanwhile: ${[...history.refusals].map(([answer, count]) => `${answer} × ${count}`).join(', ') || 'none'}`,
    }),
}
