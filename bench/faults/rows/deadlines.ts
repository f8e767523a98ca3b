// Row 3: a job that does not come to an end is killed at its timeout; a cancellation takes effect within 5 s.

import { checkInvariants } from '../check.ts'
import { startCluster } from '../cluster.ts'
import type { Fault } from '../fault.ts'
import { jobBody, uploadSmallModel } from '../work.ts'

const TIMEOUT_S = 2
const GRACE_MS = 5000

export const deadlines: Fault = {
  row: 3,
  name: 'child hangs: timeout, cancel',
  times: 4,
  run: async (context) => {
    const cluster = await startCluster({ s3: context.s3, apis: 1, workers: 1 })
    const client = cluster.clients.one
    const violations: string[] = []
    const times: number[] = []
    try {
      const model = await uploadSmallModel(client)
      for (let round = 0; round < context.times; round += 1) {
        const body = { ...jobBody(cluster, model, 10_000), timeout_seconds: TIMEOUT_S }
        const id = await client.submit(body)
        await client.until(id, ({ status }) => status !== 'queued', 30_000, 10)
        const started = performance.now()
        // A child that is stopped answers nothing any more: as one that hangs in native code.
        for (const pid of await cluster.workers[0]!.descendants()) process.kill(pid, 'SIGSTOP')
        const cancels = round % 2 === 1
        if (cancels) await client.persist(10_000, 'POST', `/v1/jobs/${id}/cancel`)
        const job = await client.ended(id, 30_000)
        const took = performance.now() - started - (cancels ? 0 : TIMEOUT_S * 1000)
        times.push(took)
        if (took > GRACE_MS) violations.push(`${id} took ${took.toFixed(0)} ms more`)
        const ending = cancels ? job.status : job.error?.code
        if (ending !== (cancels ? 'canceled' : 'deadline_exceeded'))
          violations.push(`${id}: ${ending}`)
      }
      const endings = ['failed', 'canceled']
      violations.push(
        ...(await checkInvariants(cluster, { withinMs: 30_000, endings, attempts: 1 })),
      )
      const measured = `over at most ${Math.max(...times).toFixed(0)} ms after the limit or the cancellation`
      return { struck: context.times, atStake: context.times, violations, measured }
    } finally {
      await cluster.close()
    }
  },
}
