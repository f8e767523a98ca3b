// Overlap of text masks: pixels above 0.3 in both models, as a share of those in either.

import type { Samples } from '#engine/evaluate/judge'
import type { Runtime } from '#engine/runtime/runtime'

const THRESHOLD = 0.3

export async function maskOverlap(
  runtime: Runtime,
  [first, second]: readonly Uint8Array[],
  samples: Samples,
): Promise<string> {
  const options = { threads: 1, optimization: 'all' } as const
  const sessions = [await runtime.load(first!, options), await runtime.load(second!, options)]
  let [both, either] = [0, 0]
  for (let index = 0; index < samples.count; index += 1) {
    const fields = await samples.batch(index, index + 1)
    const masks: ArrayLike<number | bigint>[] = []
    for (const session of sessions) masks.push(Object.values(await session.run(fields))[0]!.data)
    const [one, other] = masks
    for (let pixel = 0; pixel < (one?.length ?? 0); pixel += 1) {
      const [inOne, inOther] = [
        Number(one?.[pixel]) > THRESHOLD,
        Number(other?.[pixel]) > THRESHOLD,
      ]
      if (inOne && inOther) both += 1
      if (inOne || inOther) either += 1
    }
  }
  for (const session of sessions) await session.release()
  return `mask IoU ${(both / either).toFixed(4)} over ${samples.count} pages`
}
