// Row 12: the way to Redis is slow (200 ms each way), loses one chunk in twenty with its connection, or falls silent.

import { setTimeout as sleep } from 'node:timers/promises'
import type { TcpProxy } from '#test/support/tcp-proxy'
import { startTcpProxy } from '#test/support/tcp-proxy'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

const SLOW_MS = 200
const LOSS = 0.05
const LASTS_MS = 6000

export const redisSlow: Fault = {
  row: 12,
  name: 'Redis slow, lossy, silent',
  times: 3,
  run: (context) => {
    let proxy: TcpProxy
    return runUnderLoad(context, {
      cluster: {
        workers: 2,
        wire: async ({ host, port }) => {
          proxy = await startTcpProxy({ host, port, seed: context.random.integer(1, 1e6) })
          return {
            env: () => ({ TERSOR_REDIS_URL: `redis://${proxy.host}:${proxy.port}` }),
            close: () => proxy.close(),
          }
        },
      },
      runs: 200,
      inFlight: 4,
      between: [500, 2000],
      expect: {},
      strike: async (_cluster, _context, round) => {
        const faults = [() => proxy.delay(SLOW_MS), () => proxy.drop(LOSS), () => proxy.silence()]
        faults[round % faults.length]!()
        await sleep(LASTS_MS)
        await proxy.restore()
        return true
      },
      measure: async ({ history }) => refusalsOf(history.refusals),
    })
  },
}

export function refusalsOf(refusals: ReadonlyMap<string, number>): string {
  const words = [...refusals].map(([answer, count]) => `${answer} × ${count}`)
  return `answers meanwhile: ${words.join(', ') || 'as always'}`
}
