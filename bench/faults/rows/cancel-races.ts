// Row 25: a job is cancelled at the moment it ends.

import { setTimeout as sleep } from 'node:timers/promises'
import { checkInvariants } from '../check.ts'
import { startCluster } from '../cluster.ts'
import type { Fault } from '../fault.ts'
import { jobBody, uploadSmallModel } from '../work.ts'

export const cancelRaces: Fault = {
  row: 25,
  name: 'cancel races with the end',
  times: 40,
  run: async (context) => {
    const cluster = await startCluster({ s3: context.s3, apis: 1, workers: 2 })
    const client = cluster.clients.one
    try {
      const model = await uploadSmallModel(client)
      const started = performance.now()
      await client.ended(await client.submit(jobBody(cluster, model)), 60_000)
      const usual = performance.now() - started
      const counts = new Map<string, number>()
      for (let round = 0; round < context.times; round += 1) {
        const id = await client.submit(jobBody(cluster, model))
        await sleep(context.random.fraction() * usual * 1.2)
        const reply = await client.once('POST', `/v1/jobs/${id}/cancel`)
        const { status } = await client.ended(id, 60_000)
        const pair = `${reply.status} → ${status}`
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
      const endings = ['succeeded', 'canceled']
      const violations = await checkInvariants(cluster, { withinMs: 60_000, endings, attempts: 1 })
      const measured = [...counts].map(([pair, count]) => `${pair} × ${count}`).join(', ')
      return { struck: context.times, atStake: context.times + 1, violations, measured }
    } finally {
      await cluster.close()
    }
  },
}
