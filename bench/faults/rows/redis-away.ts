// Row 11: Redis is away for a while (5 s, 20 s, 45 s); workers go on by themselves once it is back.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'
import { jobBody, uploadSmallModel } from '../work.ts'

const AWAY_MS = [5000, 20_000, 45_000] as const
const PROMISED_MS = 30_000

export const redisAway: Fault = {
  row: 11,
  name: 'Redis away for 5, 20, 45 s',
  times: 3,
  run: (context) => {
    const resumed: number[] = []
    return runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 200,
      inFlight: 4,
      between: [500, 2000],
      expect: {},
      strike: async (cluster, _, round) => {
        await cluster.redis.stop()
        await sleep(AWAY_MS[round % AWAY_MS.length])
        await cluster.redis.start()
        const since = performance.now()
        const client = cluster.clients.one
        const model = await uploadSmallModel(client)
        const id = await client.submit(jobBody(cluster, model))
        await client.ended(id, 60_000)
        resumed.push(performance.now() - since)
        return true
      },
      measure: async () => {
        const worst = Math.max(...resumed)
        if (worst > PROMISED_MS)
          throw new Error(`a job took ${worst.toFixed(0)} ms after Redis was back`)
        return `a new job is done ${(worst / 1000).toFixed(1)} s after Redis is back, at most`
      },
    })
  },
}
