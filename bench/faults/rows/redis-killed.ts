// Row 9: Redis is killed under load and comes back with what its append-only file holds.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

export const redisKilled: Fault = {
  row: 9,
  name: 'Redis killed and restarted',
  times: 6,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 200,
      inFlight: 6,
      between: [500, 3000],
      expect: {},
      strike: async (cluster, { random }) => {
        await cluster.redis.kill()
        await sleep(random.integer(0, 2000))
        await cluster.redis.start()
        return true
      },
    }),
}
