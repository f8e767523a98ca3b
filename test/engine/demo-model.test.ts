import { expect, test } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import { buildModel } from '../../examples/demo/build-model.ts'
import { CLASSES, SIDE, drawDigits } from '../../examples/demo/draw-digits.ts'

test('the demo builds a model that reads digits it has not seen, the same each time', async () => {
  const runtime = openRuntime()
  const few = drawDigits(300, 1)
  expect(await buildModel(runtime, few)).toEqual(await buildModel(runtime, few))
  const bytes = await buildModel(runtime, drawDigits(1500, 1))
  const unseen = drawDigits(300, 2)
  const session = await runtime.load(bytes, { threads: 1, optimization: 'all' })
  const image = {
    dtype: 'float32',
    dims: [unseen.count, 1, SIDE, SIDE],
    data: unseen.images,
  } as const
  const { logits } = await session.run({ image })
  await session.release()
  const scores = logits!.data as Float32Array
  let right = 0
  for (let sample = 0; sample < unseen.count; sample += 1) {
    const row = [...scores.subarray(sample * CLASSES, (sample + 1) * CLASSES)]
    if (row.indexOf(Math.max(...row)) === Number(unseen.labels[sample])) right += 1
  }
  expect(right / unseen.count).toBeGreaterThan(0.95)
})
