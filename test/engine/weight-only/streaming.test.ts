// Weights that lie in a file are read in parts and handed on: no more than a part of one is in memory.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quantizeWeightOnly } from '#engine/quantize/weight-only/weight-only'
import { WEIGHT_ONLY_DEFAULTS } from '#engine/quantize/weight-only/weight-only-options'
import { MEMORY_STORE } from '#engine/quantize/weight-only/weight-store'
import type { ByteRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { openSpillFile } from '#workers/steps/spill-file'
import { normalValues, runtime } from '../model-runs.ts'

const [INPUTS, OUTPUTS] = [2048, 1536]
const WEIGHT_BYTES = INPUTS * OUTPUTS * 4
const MOST_READ = 4 * 2 ** 20

interface Reads {
  largest: number
  total: number
}

/** Bytes that count how they are read, and refuse to come in more than parts. */
function guarded(bytes: Uint8Array, reads: Reads): ByteRange {
  const take = (offset: number, length: number): Uint8Array => {
    if (length > MOST_READ) throw new Error(`${length} bytes were asked for at once`)
    reads.largest = Math.max(reads.largest, length)
    reads.total += length
    return bytes.slice(offset, offset + length)
  }
  return {
    length: bytes.byteLength,
    resident: false,
    bytes: () => take(0, bytes.byteLength),
    readInto: (buffer, offset) => buffer.set(take(offset, buffer.byteLength)),
    slice: (offset, length) => guarded(bytes.subarray(offset, offset + length), reads),
  }
}

const WEIGHT = new Uint8Array(normalValues(INPUTS * OUTPUTS, 1).buffer)

function modelOf(node: string, shape: readonly number[], reads: Reads): Model {
  const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
    g (float[N, ${INPUTS}] x, float[${shape.join()}] w) => (float[N, ${OUTPUTS}] y) { ${node} }`)
  const [weight] = model.graph.inputs.splice(1)
  if (weight === undefined) throw new Error('the weight is the second input')
  const storage = { kind: 'raw', range: guarded(WEIGHT, reads) } as const
  model.graph.setInitializer(weight, {
    kind: 'tensor',
    name: 'w',
    dtype: 'float32',
    dims: shape,
    storage,
  })
  return model
}

test.each([
  ['y = MatMul(x, w)', 'matmul_nbits', [INPUTS, OUTPUTS]],
  ['y = Gemm<transB = 1>(x, w)', 'matmul_nbits', [OUTPUTS, INPUTS]],
  ['y = MatMul(x, w)', 'qdq', [INPUTS, OUTPUTS]],
] as const)('%s of 12 MB is read once, in parts, as %s', async (node, format, shape) => {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-spill-'))
  const bytes: Uint8Array[] = []
  try {
    for (const store of [MEMORY_STORE, openSpillFile(folder)]) {
      const reads = { largest: 0, total: 0 }
      const model = modelOf(node, shape, reads)
      const options = { ...WEIGHT_ONLY_DEFAULTS, format }
      await quantizeWeightOnly(model, options, {
        runtime,
        threads: 1,
        feeds: null,
        store,
        inputShapes: {},
        progress: () => {},
      })
      expect(reads.total).toBe(WEIGHT_BYTES)
      expect(reads.largest).toBeLessThanOrEqual(MOST_READ)
      const codes = [...model.graph.initializers.values()].flatMap(({ constant }) => {
        return constant?.storage.kind === 'raw' ? [constant.storage.range] : []
      })
      const largest = codes.reduce((most, range) => (range.length > most.length ? range : most))
      expect(largest.length).toBe(WEIGHT_BYTES / 8)
      expect(largest.resident).toBe(store === MEMORY_STORE)
      bytes.push(modelBytes(model))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  expect(Buffer.compare(bytes[0]!, bytes[1]!)).toBe(0)
})
