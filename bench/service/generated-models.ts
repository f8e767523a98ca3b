// Valid ONNX models made by code: y = x · w, with as many bytes of weights as asked for.

import type { ByteRange } from '#src/onnx/ir/byte-range'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { parseModel } from '#src/onnx/text/parse-model'
import { writeModel } from '#src/onnx/write-model'

/** Every float32 of the weights is one of these many values, drawn by xorshift32 and repeated. */
const PERIOD = 1024 * 1024

/** Chunks of a model with a float32 weight of [rows, columns]; equal arguments give equal bytes. */
export function* matMulModel(rows: number, columns: number, seed: number): Generator<Uint8Array> {
  const model = parseModel(`
    <ir_version: 10, opset_import: ["" : 17], producer_name: "tersor-bench">
    product (float[batch, ${rows}] x) => (float[batch, ${columns}] y)
    <float[1] w = {0}> { y = MatMul (x, w) }
  `)
  const weight = model.graph.initializers.get('w')
  if (weight === undefined) throw new Error('The model has no weight')
  const range = repeated(drawFloats(seed), rows * columns * 4)
  model.graph.setInitializer(weight, {
    kind: 'tensor',
    name: 'w',
    dtype: 'float32',
    dims: [rows, columns],
    storage: { kind: 'raw', range },
  })
  yield* writeModel(model)
}

/** Uniform in [-0.5, 0.5), by xorshift32 (Marsaglia, Journal of Statistical Software 8(14), 2003). */
function drawFloats(seed: number): Uint8Array {
  const values = new Float32Array(PERIOD)
  let state = seed >>> 0 || 1
  for (let index = 0; index < PERIOD; index += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    values[index] = state / 2 ** 32 - 0.5
  }
  return new Uint8Array(values.buffer)
}

function repeated(pattern: Uint8Array, length: number): ByteRange {
  const part = (start: number, size: number): Uint8Array => {
    const bytes = new Uint8Array(size)
    for (let done = 0; done < size;) {
      const from = (start + done) % pattern.length
      const piece = pattern.subarray(from, from + size - done)
      bytes.set(piece, done)
      done += piece.length
    }
    return bytes
  }
  return {
    length,
    resident: false,
    bytes: () => part(0, length),
    slice: (offset, size) => bufferRange(part(offset, size)),
  }
}
