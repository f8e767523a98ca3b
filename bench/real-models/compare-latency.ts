// Latency of several models on the same inputs, one thread, batch 1, one run of each in turn so that the machine's moods hit all.

import type { Runtime } from '#engine/runtime/runtime'
import type { LabelledData } from './datasets/labelled-data.ts'
import { sampleCount } from './datasets/labelled-data.ts'
import { sampleFeeds } from './score-model.ts'
import { median } from '../median.ts'

const WARM_UP_ROUNDS = 10
const SHORTEST_TOTAL_MS = 1500
const MOST_ROUNDS = 500
const FEWEST_ROUNDS = 60

export interface Latency {
  readonly p50Ms: number
  /** Median over the rounds of (first model's time ÷ this one's). */
  readonly speedup: number
}

/** `null` models stay `null`. The first model must be there. */
export async function compareLatency(
  runtime: Runtime,
  models: readonly (Uint8Array | null)[],
  data: LabelledData,
): Promise<(Latency | null)[]> {
  const load = async (model: Uint8Array | null) =>
    model === null ? null : runtime.load(model, { threads: 1, optimization: 'all' })
  const sessions = await Promise.all(models.map(load))
  const times: number[][] = models.map(() => [])
  const count = sampleCount(data)
  let spent = 0
  for (let round = 0; round < WARM_UP_ROUNDS + MOST_ROUNDS; round += 1) {
    const feeds = sampleFeeds(data, round % count)
    for (let turn = 0; turn < sessions.length; turn += 1) {
      const which = (turn + round) % sessions.length
      const session = sessions[which]
      if (session === null || session === undefined) continue
      const start = performance.now()
      await session.run(feeds)
      const elapsed = performance.now() - start
      if (round < WARM_UP_ROUNDS) continue
      times[which]!.push(elapsed)
      spent += elapsed
    }
    if (round >= WARM_UP_ROUNDS + FEWEST_ROUNDS && spent > SHORTEST_TOTAL_MS) break
  }
  for (const session of sessions) await session?.release()
  const [base = []] = times
  return times.map((own) => {
    if (own.length === 0) return null
    const ratios = own.map((time, round) => base[round]! / time)
    return { p50Ms: median(own), speedup: median(ratios) }
  })
}
