// Row 26: processes are stopped in order and started again, one after the other, under load.

import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

export const rollingDeploy: Fault = {
  row: 26,
  name: 'rolling deploy (SIGTERM)',
  times: 6,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { apis: 2, workers: 2 },
      runs: 2000,
      inFlight: 5,
      between: [500, 2000],
      expect: {},
      strike: async (cluster, _, round) => {
        const all = [...cluster.apis, ...cluster.workers]
        const one = all[round % all.length]!
        const code = await one.kill('SIGTERM')
        if (code !== 0) throw new Error(`${one.role} ended with ${code}: ${one.lastWords}`)
        await one.start()
        return true
      },
    }),
}
