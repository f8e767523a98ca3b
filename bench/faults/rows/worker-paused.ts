// Row 8: a supervisor stands still for longer than its lease, then goes on and wants to commit: it is refused.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

const LONGER_THAN_THE_LEASE_MS = 14_000

export const workerPaused: Fault = {
  row: 8,
  name: 'worker stands still longer than its lease',
  times: 4,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 2000,
      inFlight: 3,
      between: [200, 2000],
      expect: {},
      strike: async (cluster, { random }) => {
        const worker = random.pick(cluster.workers)
        const hit = (await worker.descendants()).length > 0
        worker.pause()
        await sleep(LONGER_THAN_THE_LEASE_MS)
        worker.resume()
        return hit
      },
    }),
}
