// How many times as fast as the first each model is, runs interleaved.

import { relativeSpeeds } from '#engine/evaluate/relative-speed'
import type { Runtime, RuntimeSession, RuntimeTensor } from '#engine/runtime/runtime'

const OPTIONS = { rounds: 60, budgetMilliseconds: 3000 }

/** `null` for models that are missing or do not load. */
export async function speedsOf(
  runtime: Runtime,
  models: readonly (Uint8Array | null)[],
  feeds: Readonly<Record<string, RuntimeTensor>>,
  threads: number,
): Promise<(number | null)[]> {
  const sessions: RuntimeSession[] = []
  const places: (number | null)[] = []
  for (const model of models) {
    const session = model === null ? null : await loadOrNull(runtime, model, threads)
    places.push(session === null ? null : sessions.length)
    if (session !== null) sessions.push(session)
  }
  const runs = sessions.map((session) => () => session.run(feeds))
  const speeds = await relativeSpeeds(runs, { ...OPTIONS, threads })
  for (const session of sessions) await session.release()
  return places.map((place) => (place === null ? null : (speeds[place] ?? null)))
}

async function loadOrNull(
  runtime: Runtime,
  model: Uint8Array,
  threads: number,
): Promise<RuntimeSession | null> {
  try {
    return await runtime.load(model, { threads, optimization: 'all' })
  } catch {
    return null
  }
}
