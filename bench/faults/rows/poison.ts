// Row 5: a job whose worker dies whenever it runs; after five deaths it fails, and the queue moves on.

import { checkInvariants } from '../check.ts'
import { startCluster } from '../cluster.ts'
import type { Fault } from '../fault.ts'
import { jobBody, uploadSmallModel } from '../work.ts'

const DEATHS = 5

export const poison: Fault = {
  row: 5,
  name: 'poison job kills its supervisor',
  times: 1,
  run: async (context) => {
    const cluster = await startCluster({ s3: context.s3, apis: 1, workers: 1 })
    const client = cluster.clients.one
    const [worker] = cluster.workers
    const violations: string[] = []
    try {
      const model = await uploadSmallModel(client)
      const id = await client.submit(jobBody(cluster, model, 10_000))
      for (let death = 1; death <= DEATHS; death += 1) {
        await client.until(id, (job) => job.status === 'running' && job.attempt === death, 60_000)
        await worker!.kill('SIGKILL')
        await worker!.start()
      }
      const job = await client.ended(id, 60_000)
      if (job.error?.code !== 'worker_lost') violations.push(`it ended with ${JSON.stringify(job)}`)
      const next = await client.submit(jobBody(cluster, model))
      if ((await client.ended(next, 60_000)).status !== 'succeeded')
        violations.push('the next failed')
      const endings = ['failed', 'succeeded']
      violations.push(
        ...(await checkInvariants(cluster, { withinMs: 30_000, endings, attempts: DEATHS })),
      )
      return {
        struck: DEATHS,
        atStake: 2,
        violations,
        measured: `failed after ${job.attempt} starts`,
      }
    } finally {
      await cluster.close()
    }
  },
}
