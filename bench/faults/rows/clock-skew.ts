// Row 20: the clocks of API and workers are ten minutes apart.

import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

/** Debian's package faketime puts it here. */
const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
const OFFSETS = ['-10m', '+10m'] as const

export const clockSkew: Fault = {
  row: 20,
  name: 'clocks ±10 min apart, one worker killed',
  times: 3,
  run: (context) =>
    runUnderLoad(context, {
      cluster: {
        workers: 2,
        wire: async () => ({
          env: (role, index) =>
            role === 'worker'
              ? {
                  LD_PRELOAD: LIBRARY,
                  FAKETIME: OFFSETS[index % OFFSETS.length]!,
                  FAKETIME_DONT_FAKE_MONOTONIC: '1',
                }
              : {},
          close: async () => {},
        }),
      },
      runs: 500,
      inFlight: 4,
      between: [1000, 3000],
      expect: {},
      strike: async (cluster, { random }) => {
        const victim = random.pick(cluster.workers)
        await victim.kill('SIGKILL')
        await victim.start()
        return true
      },
    }),
}
