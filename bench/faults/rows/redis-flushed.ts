// Row 10: Redis is emptied; the records come back from the object store, waiting and running jobs go on.

import { Redis } from 'ioredis'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

export const redisFlushed: Fault = {
  row: 10,
  name: 'Redis emptied (FLUSHALL)',
  times: 4,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 200,
      inFlight: 6,
      between: [2000, 6000],
      expect: {},
      strike: async (cluster) => {
        const redis = new Redis(cluster.redis.url)
        await redis.flushall()
        await redis.quit()
        return true
      },
    }),
}
