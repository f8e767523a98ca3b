// Row 4: the runtime crashes on a model; the job fails with `runtime_crashed` after two tries, nothing else does.

import { setTimeout as sleep } from 'node:timers/promises'
import { checkInvariants } from '../check.ts'
import { startCluster } from '../cluster.ts'
import type { Fault } from '../fault.ts'
import { jobBody, uploadSmallModel } from '../work.ts'

const SIGNALS = ['SIGSEGV', 'SIGFPE', 'SIGABRT', 'SIGBUS'] as const

export const childCrashes: Fault = {
  row: 4,
  name: 'child crashes (SIGSEGV, SIGFPE, SIGABRT, SIGBUS)',
  times: 4,
  run: async (context) => {
    const cluster = await startCluster({ s3: context.s3, apis: 1, workers: 1 })
    const client = cluster.clients.one
    const violations: string[] = []
    try {
      const model = await uploadSmallModel(client)
      for (let round = 0; round < context.times; round += 1) {
        const signal = SIGNALS[round % SIGNALS.length]!
        const id = await client.submit(jobBody(cluster, model, 10_000))
        const job = await crashUntilOver(id, signal)
        if (job.error?.code !== 'runtime_crashed' || job.attempt !== 1) {
          violations.push(
            `${signal}: ${job.status}, ${JSON.stringify(job.error)}, attempt ${job.attempt}`,
          )
        }
      }
      const after = await client.submit(jobBody(cluster, model))
      if ((await client.ended(after, 30_000)).status !== 'succeeded') {
        violations.push('the next job did not succeed')
      }
      const endings = ['succeeded', 'failed']
      violations.push(
        ...(await checkInvariants(cluster, { withinMs: 30_000, endings, attempts: 1 })),
      )
      return { struck: context.times, atStake: context.times + 1, violations, measured: '' }
    } finally {
      await cluster.close()
    }

    async function crashUntilOver(id: string, signal: NodeJS.Signals) {
      const until = performance.now() + 60_000
      while (performance.now() < until) {
        const job = await client.job(id)
        if (job.error !== null || job.status === 'succeeded') return job
        if (job.status === 'running') {
          for (const pid of await cluster.workers[0]!.descendants()) {
            try {
              process.kill(pid, signal)
            } catch {
              // It ended by itself.
            }
          }
        }
        await sleep(150)
      }
      throw new Error(`${id} goes on under ${signal}`)
    }
  },
}
