import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { countWeights } from '#src/onnx/count-weights'
import { fileRange } from '#src/onnx/ir/byte-range'
import { typedTensor } from '#src/onnx/ir/tensor'
import { parseModel } from '#src/onnx/text/parse-model'
import { weightTensors } from '#src/onnx/weight-tensors'
import { withTemporaryFolder } from '#test/support/temporary-folder'

interface Counted {
  readonly what: string
  readonly graph: string
  readonly parameters: number
  readonly nonzero: number
  readonly functions?: string
}

const CASES: readonly Counted[] = [
  {
    what: 'initializers of all float types, both zeros',
    graph: `g (float[4] x) => (y) <float[4] a = {0, -0.0, 1, -2}, float16[4] b = {0, -0.0, 1, 2},
      bfloat16[4] c = {0, -0.0, 1, 2}, double[4] d = {0, -0.0, 1, 2}, float8e4m3fn[4] e = {0, -0.0, 1, 2}> {
      f = Op(a, b, c, d, e) y = Add(x, f) }`,
    parameters: 20,
    nonzero: 10,
  },
  {
    what: 'neither shapes, indices, booleans nor scalars in Constant nodes',
    graph: `g (float[4] x) => (y) <int64[2] shape = {2, 2}, bool[4] mask = {1, 0, 0, 1}, float[4] w = {1, 2, 3, 4}> {
      half = Constant <value = float {0.5}> () a = Mul(x, half) b = Where(mask, a, w) y = Reshape(b, shape) }`,
    parameters: 4,
    nonzero: 4,
  },
  {
    what: 'neither bounds nor sizes nor padding',
    graph:
      `g (float[1, 1, 4, 4] x) => (y) <float[4] s = {1, 1, 2, 2}, float low = {0}, int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1},
      float fill = {3}> { a = Resize(x, , s) b = Clip(a, low) y = Pad(b, pads, fill) }`.replace(
        '(x, , s)',
        '(x, "", s)',
      ),
    parameters: 0,
    nonzero: 0,
  },
  {
    what: 'Constant nodes',
    graph:
      'g (float[2, 2] x) => (y) { w = Constant <value = float[2, 2] {1, 0, 0, 1}> () y = MatMul(x, w) }',
    parameters: 4,
    nonzero: 2,
  },
  {
    what: 'a tensor that two nodes read, once; one that none reads, not at all',
    graph: `g (float[2] x) => (y) <float[2] w = {1, 2}, float[100] idle = {${'1, '.repeat(99)}1}> {
      a = Add(x, w) y = Mul(a, w) }`,
    parameters: 2,
    nonzero: 2,
  },
  {
    what: 'tensors of branches',
    graph: `g (float[2] x, bool[] c) => (y) { y = If (c) <
      then_branch = t () => (a) <float[2] v = {1, 0}> { a = Add(x, v) },
      else_branch = e () => (b) { u = Constant <value = float[3] {1, 1, 1}> () b = Op(x, u) }> }`,
    parameters: 5,
    nonzero: 4,
  },
  {
    what: 'constants in bodies of functions',
    graph: 'g (float[2] x) => (y) { y = local.f(x) }',
    functions:
      '<domain: "local", opset_import: ["" : 18]> f (x) => (y) { w = Constant <value = float[2] {1, 0}> () y = Mul(x, w) }',
    parameters: 2,
    nonzero: 1,
  },
  {
    what: 'all elements of a sparse initializer',
    graph: `g (float[5] x) => (y) <sparse_tensor(float[5]) w = float[2] {1, 2} at int64[2] {0, 3}> { y = Mul(x, w) }`,
    parameters: 5,
    nonzero: 2,
  },
  {
    what: 'quantized weights against the zero point of their channel, int32 biases, no scales',
    graph: `g (float[1, 2] x) => (y) <int8[2, 3] q = {5, 1, 2, 7, 1, 0}, float[3] s = {1, 1, 1}, int8[3] z = {5, 1, 0},
      int32[3] b = {0, 4, 4}, float[3] t = {1, 1, 1}> { w = DequantizeLinear <axis = 1> (q, s, z)
      c = DequantizeLinear <axis = 0> (b, t) y = Gemm(x, w, c) }`,
    parameters: 9,
    // 5 and 1, 1, 0 are the zero points of their columns; the first bias is 0.
    nonzero: 4,
  },
  {
    what: 'uint8 weights against one zero point, behind a Transpose',
    graph: `g (float[1, 2] x) => (y) <uint8[2, 2] q = {128, 0, 255, 128}, float s = {0.1}, uint8 z = {128}> {
      t = Transpose(q) w = DequantizeLinear(t, s, z) y = MatMul(x, w) }`,
    parameters: 4,
    nonzero: 2,
  },
  {
    what: 'int4 weights',
    graph: `g (float[1, 3] x) => (y) <int4[3] q = {-8, 0, 7}, float s = {0.1}> { w = DequantizeLinear(q, s) y = Mul(x, w) }`,
    parameters: 3,
    nonzero: 2,
  },
  {
    what: 'operands of integer operators',
    graph: `g (uint8[1, 2] x) => (y) <int8[2, 2] w = {3, 1, 2, 3}, uint8 xz = {0}, int8 wz = {3}> {
      y = MatMulInteger(x, w, xz, wz) }`,
    parameters: 4,
    nonzero: 2,
  },
  {
    what: 'weights that a convolution packs into blocks, by their blocks’ zero points',
    graph: `g (float[1, 16] x) => (y) <uint8[1, 1, 8] w = {136, 136, 136, 136, 136, 136, 136, 120}, float[1] s = {1}> {
      y = com.microsoft.MatMulNBits <K = 16, N = 1, bits = 4, block_size = 16> (x, w, s) }`,
    parameters: 16,
    nonzero: 1,
  },
]

test.each(CASES)('counted: $what', ({ graph, functions = '', parameters, nonzero }) => {
  const imports = '["" : 21, "com.microsoft" : 1, "local" : 1]'
  const model = parseModel(`<ir_version: 10, opset_import: ${imports}> ${graph} ${functions}`)
  expect(countWeights(weightTensors(model))).toEqual({ parameters, nonzero })
})

describe('tensors in files', () => {
  test('are read in parts that add up', async () => {
    // Larger than a part of element-chunks, and no multiple of one.
    const values = Float32Array.from({ length: 2_500_001 }, (_, index) => index % 5)
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'weights')
      await writeFile(path, new Uint8Array(values.buffer))
      const model = parseModel('g (float[2500001] x) => (y) <float[1] w = {1}> { y = Mul(x, w) }')
      const descriptor = openSync(path, 'r')
      const range = fileRange(descriptor, 0, values.byteLength)
      const tensor = typedTensor('w', 'float32', [values.length], values)
      const weight = model.graph.initializers.get('w')!
      model.graph.setInitializer(weight, { ...tensor, storage: { kind: 'raw', range } })
      const counts = countWeights(weightTensors(model))
      expect(counts).toEqual({ parameters: 2_500_001, nonzero: 2_000_000 })
      closeSync(descriptor)
    })
  })
})
