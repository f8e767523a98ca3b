// Row 2: the child that computes is killed, as the kernel does when memory runs out; supervisor and other jobs go on.

import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

export const childKilled: Fault = {
  row: 2,
  name: 'child killed (SIGKILL)',
  times: 10,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 2000,
      inFlight: 4,
      between: [300, 2000],
      // A child that dies twice in a job is taken for one that ran out of memory.
      expect: { endings: ['succeeded', 'failed'], attempts: 1 },
      strike: async (cluster, { random }) => {
        const worker = random.pick(cluster.workers)
        const children = await worker.descendants()
        if (children.length === 0) return false
        try {
          process.kill(random.pick(children), 'SIGKILL')
        } catch {
          return false
        }
        return worker.running
      },
    }),
}
