// Rows 14–16: the object store errs, is away, is slow, gives half of a body, answers 200 to a failure, or not at all.

import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultProxy } from '#test/support/fault-proxy'
import { startFaultProxy } from '#test/support/fault-proxy'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

type Rates = Parameters<FaultProxy['set']>[0]

interface Weather {
  readonly rates: Rates
  readonly lastsMs: number
}

function row(number: number, name: string, weathers: readonly Weather[]): Fault {
  return {
    row: number,
    name,
    times: weathers.length,
    run: async (context) => {
      const proxy = await startFaultProxy(context.s3.endpoint, context.random.integer(1, 1e6))
      try {
        return await runUnderLoad(context, {
          cluster: {
            workers: 2,
            wire: async () => ({
              env: () => ({ TERSOR_S3_ENDPOINT: proxy.endpoint }),
              close: async () => {},
            }),
          },
          runs: 100,
          inFlight: 4,
          between: [200, 1000],
          expect: { attempts: 3 },
          strike: async (_cluster, _context, round) => {
            const { rates, lastsMs } = weathers[round % weathers.length]!
            proxy.set(rates)
            await sleep(lastsMs)
            proxy.set({})
            return true
          },
          measure: async () => {
            const hits = Object.entries(proxy.counts).filter(([, count]) => count > 0)
            return hits.map(([fault, count]) => `${fault} × ${count}`).join(', ')
          },
        })
      } finally {
        await proxy.close()
      }
    },
  }
}

export const s3Errs = row(14, 'S3 answers 500/503 (10 %, 100 %)', [
  { rates: { error: 0.1 }, lastsMs: 15_000 },
  { rates: { error: 1 }, lastsMs: 20_000 },
])

export const s3BreaksOff = row(15, 'S3 short, cut, stalled, flipped bodies', [
  { rates: { short: 0.2, cut: 0.2, flip: 0.1 }, lastsMs: 15_000 },
  { rates: { stall: 0.2, reset: 0.1 }, lastsMs: 20_000 },
])

export const s3Lies = row(16, 'S3 does and does not answer, or answers 200 to a failure', [
  { rates: { lost: 0.1, complete: 0.5 }, lastsMs: 20_000 },
])
