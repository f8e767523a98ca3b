// Row 1: a worker's supervisor dies in mid-step; the job runs elsewhere within 15 s.

import type { Cluster } from '../cluster.ts'
import type { Fault } from '../fault.ts'
import { median } from '../../median.ts'
import { runUnderLoad } from '../run-under-load.ts'

const PROMISED_MS = 15_000

export const workerKilled: Fault = {
  row: 1,
  name: 'worker killed in mid-step',
  times: 10,
  run: (context) => {
    const takeovers: number[] = []
    return runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 2000,
      inFlight: 3,
      between: [200, 3000],
      expect: {},
      strike: async (cluster, { random }) => {
        const victim = random.pick(cluster.workers)
        const hit = (await victim.descendants()).length > 0
        await victim.kill('SIGKILL')
        takeovers.push(await takeover(cluster))
        await victim.start()
        return hit
      },
      measure: async () => {
        const worst = Math.max(...takeovers)
        if (worst > PROMISED_MS) throw new Error(`a takeover took ${worst.toFixed(0)} ms`)
        return `running elsewhere after ${(median(takeovers) / 1000).toFixed(1)} s (worst ${(worst / 1000).toFixed(1)} s)`
      },
    })
  },
}

/** Milliseconds until no job is left with the worker that died: each ran on with another attempt or ended. */
async function takeover(cluster: Cluster): Promise<number> {
  const client = cluster.clients.one
  const since = performance.now()
  const running = (
    await client.list<{ id: string; attempt: number }>('/v1/jobs?status=running')
  ).map(({ id, attempt }) => ({ id, attempt }))
  await Promise.all(
    running.map(({ id, attempt }) =>
      client.until(id, (job) => job.status !== 'running' || job.attempt > attempt, 60_000),
    ),
  )
  return performance.now() - since
}
