// Weights of float16 models of more than half a gigabyte: widened as they are read, and float16 again where they stay.

import { describe, expect, it } from 'vitest'
import { quantizeWeightOnly } from '#engine/quantize/weight-only/weight-only'
import { WEIGHT_ONLY_DEFAULTS } from '#engine/quantize/weight-only/weight-only-options'
import { FreshNames } from '#engine/rewrite/fresh-names'
import { halvesAgain, widenFloat16 } from '#engine/rewrite/widen-float16'
import { WidenedRange } from '#engine/rewrite/widened-range'
import type { ByteRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { encodeFloat16 } from '#src/onnx/tensor-values'
import { modelSize } from '#src/onnx/write-model'
import { normalValues, relativeDifference, runModel } from '../model-runs.ts'
import { PLAIN_CONTEXT } from './plain-context.ts'

const [ROWS, COLUMNS] = [4096, 64]

/** As a file has them: not in memory. */
function left(bytes: Uint8Array): ByteRange {
  return {
    length: bytes.byteLength,
    resident: false,
    bytes: () => bytes.slice(),
    slice: (offset, length) => left(bytes.subarray(offset, offset + length)),
  }
}

/** Too much to be read: whoever does fails. */
function unread(length: number): ByteRange {
  const refuse = (): never => {
    throw new Error('the table was read')
  }
  return { length, resident: false, bytes: refuse, slice: (_, part) => unread(part) }
}

function halves(count: number, seed: number): Uint8Array {
  return new Uint8Array(encodeFloat16(normalValues(count, seed)).buffer)
}

function modelOf(tableRows: number, table: ByteRange): Model {
  const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
    g (int64[N] ids, float16[${tableRows}, ${COLUMNS}] t, float16[${COLUMNS}, 96] w) => (float16[N, 96] y)
    { e = Gather(t, ids)  y = MatMul(e, w) }`)
  const ranges = [table, left(halves(COLUMNS * 96, 2))]
  for (const [at, value] of model.graph.inputs.splice(1).entries()) {
    const shape = value.type?.kind === 'tensor' ? (value.type.shape ?? []) : []
    const range = ranges[at] ?? table
    model.graph.setInitializer(value, {
      kind: 'tensor',
      name: value.name,
      dtype: 'float16',
      dims: shape.map(Number),
      storage: { kind: 'raw', range },
    })
  }
  return model
}

describe('large float16 models', () => {
  it('gives any part of the widened bytes', () => {
    const patterns = encodeFloat16(normalValues(1000, 4))
    const whole = new WidenedRange(left(new Uint8Array(patterns.buffer)))
    const expected = whole.bytes()
    expect(expected).toHaveLength(4000)
    for (const [offset, length] of [
      [0, 4000],
      [3, 17],
      [1000, 4],
      [3998, 2],
    ] as const) {
      const part = new Uint8Array(length)
      whole.readInto(part, offset)
      expect([...part]).toEqual([...expected.subarray(offset, offset + length)])
    }
    expect([...whole.slice(400, 80).bytes()]).toEqual([...expected.subarray(400, 480)])
  })

  it('computes the same with weights that are widened when read, and stores them as before', async () => {
    const model = (): Model => modelOf(ROWS, left(halves(ROWS * COLUMNS, 1)))
    const changed = model()
    expect(widenFloat16(changed, 'kept', 'when read')).toBe(3)
    const ids = { dtype: 'int64', dims: [3], data: BigInt64Array.of(1n, 77n, 4095n) } as const
    const expected = await runModel(model(), { ids })
    expect(relativeDifference(expected, await runModel(changed, { ids }))).toBeLessThan(2e-3)
    expect(halvesAgain(changed, new FreshNames(changed))).toBe(2)
    expect(modelSize(changed) - modelSize(model())).toBeLessThan(1000)
    expect(relativeDifference(expected, await runModel(changed, { ids }))).toBeLessThan(2e-3)
  })

  it('stores products of more than half a gigabyte in blocks, and reads nothing else', async () => {
    const rows = 5_000_000
    const model = modelOf(rows, unread(2 * rows * COLUMNS))
    const before = modelSize(model)
    expect(before).toBeGreaterThan(2 ** 29)
    const options = { ...WEIGHT_ONLY_DEFAULTS, embeddings: false, format: 'matmul_nbits' } as const
    const made = await quantizeWeightOnly(model, options, PLAIN_CONTEXT)
    expect(made.details['widened_from_float16']).toBeGreaterThan(1)
    const operators = [...made.model.graph.nodes()].map(({ opType }) => opType)
    expect(operators).toEqual(['Cast', 'Gather', 'MatMulNBits', 'Cast'])
    expect(modelSize(made.model)).toBeLessThan(before)
  })
})
