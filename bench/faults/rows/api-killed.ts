// Row 6: the API dies while it accepts jobs; a client that sends again under the same key gets one job.

import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

export const apiKilled: Fault = {
  row: 6,
  name: 'API killed while it accepts jobs',
  times: 20,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { apis: 2, workers: 1 },
      runs: 5,
      inFlight: 12,
      between: [50, 800],
      expect: { attempts: 1 },
      strike: async (cluster, { random }) => {
        const api = random.pick(cluster.apis)
        await api.kill('SIGKILL')
        await api.start()
        return true
      },
    }),
}
