// A session in a thread of its own: what one in this thread gives, refusals included.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { openSessionThreads } from '#engine/runtime/session-threads'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'

const entry = join(import.meta.dirname, '../../dist/workers/engine/runtime/session-thread.js')
const threads = openSessionThreads(entry)
const options = { threads: 1, optimization: 'basic' } as const
const model = modelBytes(
  parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    m (float[n, 3] x) => (float[n, 3] y, float[n, 3] z) { y = Relu(x) z = Neg(x) }`),
)
const rows = Float32Array.of(9, 9, 9, 1, -2, 3, -4, 5, -6)
// A view: what lies around it stays here.
const x = { dtype: 'float32', dims: [2, 3], data: rows.subarray(3) } as const

test('gives what the runtime gives, as often as it is asked', async () => {
  const here = await openRuntime().load(model, options)
  const there = await threads.load(model, options)
  expect([there.inputs, there.outputs]).toEqual([here.inputs, here.outputs])
  const expected = await here.run({ x })
  const asked = await Promise.all([1, 2, 3].map(() => there.run({ x })))
  for (const given of asked) expect(given).toEqual(expected)
  expect(Object.keys(await there.run({ x }, ['z']))).toEqual(['z'])
  expect(rows).toHaveLength(9)
  await there.release()
  await here.release()
  await expect(there.run({ x })).rejects.toThrow('ended')
})

test('refuses as the runtime does, and goes on', async () => {
  await expect(threads.load(Uint8Array.of(1, 2, 3), options)).rejects.toThrow(RuntimeRejection)
  const session = await threads.load(model, options)
  const wrong = { x: { ...x, dims: [3, 2] } }
  await expect(session.run(wrong)).rejects.toThrow(RuntimeRejection)
  expect(Object.keys(await session.run({ x }))).toEqual(['y', 'z'])
  await session.release()
})

test('says when its thread cannot start', async () => {
  const missing = openSessionThreads(join(import.meta.dirname, 'no-such-thread.js'))
  await expect(missing.load(model, options)).rejects.toThrow(/no-such-thread/)
})
