import { describe, expect, test } from 'vitest'
import { inspectModel } from '#src/onnx/inspect-model'
import { countMacs } from '#src/onnx/macs/count-macs'
import { parseModel } from '#src/onnx/text/parse-model'

const IMPORTS = '["" : 23, "com.microsoft" : 1, "local" : 1]'

function modelOf(text: string) {
  return parseModel(
    `<ir_version: 11, producer_name: "maker", producer_version: "2.1", opset_import: ${IMPORTS}> ${text}`,
  )
}

test('the graph in figures', () => {
  const model =
    modelOf(`g (float[batch, 1, 4, 4] image, float[2, 1, 3, 3] w, bool[1] c) => (float[] y, z)
    <float[2, 1, 3, 3] w = full(0.5)> {
    a = Conv(image, w) b = com.microsoft.Gelu(a) y = Flatten(b)
    z = If (c) <then_branch = t () => (p) { p = Neg(b) }, else_branch = e () => (q) { q = Abs(b) }> }`)
  const weight = model.graph.initializers.get('w')!
  expect(weight.isGraphInput).toBe(true)
  expect(inspectModel(model).graph).toEqual({
    opset: 23,
    ir_version: 11,
    producer: 'maker 2.1',
    inputs: [
      { name: 'image', dtype: 'float32', shape: ['batch', 1, 4, 4] },
      { name: 'c', dtype: 'bool', shape: [1] },
    ],
    outputs: [
      { name: 'y', dtype: 'float32', shape: ['batch', 8] },
      { name: 'z', dtype: 'float32', shape: ['batch', 2, 2, 2] },
    ],
    nodes: 6,
    operators: { Conv: 1, 'com.microsoft.Gelu': 1, Flatten: 1, If: 1, Neg: 1, Abs: 1 },
    parameters: 18,
    macs: 2 * 2 * 2 * 9,
    macs_source: 'estimated',
    sparsity: 0,
  })
})

test('a model without weights has sparsity 0', () => {
  const { graph } = inspectModel(modelOf('g (float[2] x) => (y) { y = Neg(x) }'))
  expect([graph.parameters, graph.sparsity, graph.macs]).toEqual([0, 0, 0])
})

describe('multiply–accumulates', () => {
  const cases: Readonly<Record<string, readonly [graph: string, macs: number | null]>> = {
    'a strided, grouped convolution': [
      'g (float[N, 4, 9, 9] x, float[6, 2, 3, 3] w) => (y) { y = Conv <group = 2, strides = [2, 2]> (x, w) }',
      6 * 4 * 4 * 2 * 9,
    ],
    'a transposed convolution': [
      'g (float[1, 4, 5, 5] x, float[4, 3, 2, 2] w) => (y) { y = ConvTranspose <group = 2, strides = [2, 2]> (x, w) }',
      4 * 25 * 3 * 4,
    ],
    'a quantized convolution': [
      `g (uint8[1, 2, 4, 4] x, float s, uint8 z, int8[3, 2, 1, 1] w, int8 v) => (y) {
        y = QLinearConv(x, s, z, w, s, v, s, z) }`,
      3 * 16 * 2,
    ],
    'a batch of matrices': [
      'g (float[2, 3, 4, 5] x, float[5, 6] w) => (y) { y = MatMul(x, w) }',
      2 * 3 * 4 * 6 * 5,
    ],
    'a transposed Gemm': [
      'g (float[5, 4] x, float[6, 5] w) => (y) { y = Gemm <transA = 1, transB = 1> (x, w) }',
      4 * 6 * 5,
    ],
    'Einsum over two letters': [
      'g (float[2, 3, 4] a, float[2, 4, 5] b) => (y) { y = Einsum <equation = "bij,bjk->bik"> (a, b) }',
      2 * 3 * 4 * 5,
    ],
    'LSTM, both directions': [
      `g (float[7, 2, 3] x, float[2, 16, 3] w, float[2, 16, 4] r) => (y) {
        y = LSTM <hidden_size = 4, direction = "bidirectional"> (x, w, r) }`,
      7 * 2 * 2 * 16 * (3 + 4),
    ],
    'packed 4-bit weights': [
      `g (float[2, 64] x, uint8[8, 2, 16] w, float[16] s) => (y) {
        y = com.microsoft.MatMulNBits <K = 64, N = 8, bits = 4, block_size = 32> (x, w, s) }`,
      2 * 64 * 8,
    ],
    'attention with heads as an axis': [
      'g (float[1, 2, 5, 4] q, float[1, 2, 7, 4] k, float[1, 2, 7, 3] v) => (y) { y = Attention(q, k, v) }',
      2 * 5 * 7 * (4 + 3),
    ],
    'attention over a past': [
      `g (float[1, 5, 8] q, float[1, 5, 8] k, float[1, 5, 8] v, float[1, 2, 3, 4] pk, float[1, 2, 3, 4] pv) => (y, a, b) {
        y, a, b = Attention <q_num_heads = 2, kv_num_heads = 2> (q, k, v, "", pk, pv) }`,
      5 * 8 * (5 + 3) * 2,
    ],
    'fused attention': [
      `g (float[1, 5, 8] x, float[8, 24] w, float[24] b) => (y) { y = com.microsoft.Attention <num_heads = 2> (x, w, b) }`,
      5 * 8 * 24 + 2 * 5 * 8 * 5,
    ],
    'nothing that multiplies': [
      'g (float[2, 2] x) => (y) { y = MaxPool <kernel_shape = [1]> (x) }',
      0,
    ],
    'an open size': ['g (float[N, T, 4] x, float[4, 4] w) => (y) { y = MatMul(x, w) }', null],
    'a branch that multiplies': [
      `g (bool c, float[2, 2] x) => (y) { y = If (c) <then_branch = t () => (p) { p = MatMul(x, x) },
        else_branch = e () => (q) { q = Neg(x) }> }`,
      null,
    ],
    'a function, called twice': [
      `g (float[2, 2] x) => (y) { a = local.square(x) y = local.square(a) }
        <domain: "local", opset_import: ["" : 23]> square (x) => (y) { y = MatMul(x, x) }`,
      2 * 8,
    ],
  }

  test.each(Object.entries(cases))('%s', (_, [graph, macs]) => {
    expect(countMacs(modelOf(graph))).toBe(macs)
  })
})

describe('what steps can do', () => {
  const support = (graph: string) => inspectModel(modelOf(graph)).support

  test('everything with a plain network', () => {
    const graph = `g (float[1, 4] x) => (y) <float[4, 2] w = full(0.5)> { i = Constant <value = float {2.0}> ()
      a = MatMul(x, w) b = Relu(a) y = Mul(b, i) }`
    const yes = { supported: true, notes: [] }
    expect(support(graph)).toEqual({ quantize: yes, prune: yes, distill: yes })
  })

  test('a node without gradient refuses training where it depends on weights', () => {
    const graph = `g (float[2, 2] x) => (y) <float[2, 2] w = full(0.5)> { a = MatMul(x, w) [det] y = Det(a) }`
    expect(support(graph).distill).toEqual({
      supported: false,
      notes: ["no gradient is defined for node 'det' (Det)"],
    })
  })

  test('a recurrent layer refuses training where its functions lack parameters', () => {
    const layer = (activation: string) => `g (float[3, 1, 2] x) => (y)
      <float[1, 2, 2] w = full(0.5), float[1, 2, 2] r = full(0.5)> {
      [rnn] y = RNN <hidden_size = 2, activations = ["${activation}"]> (x, w, r) }`
    expect(support(layer('Affine')).distill).toEqual({
      supported: false,
      notes: ["no gradient is defined for node 'rnn' (RNN)"],
    })
    expect(support(layer('Softsign')).distill.supported).toBe(true)
  })

  test('a network that ends in a choice cannot be trained by that output', () => {
    const graph = `g (float[1, 8, 4] x, float[1, 1, 8] s) => (y) <float[4] v = full(0.5), int64 n = {3}, float[1] t = {0.5}> {
      b = Mul(x, v) [nms] y = NonMaxSuppression(b, s, n, t, t) }`
    expect(support(graph).distill).toEqual({
      supported: false,
      notes: [
        expect.stringMatching(/no output depends.*'nms' \(NonMaxSuppression\) has no gradient/u),
      ],
    })
  })

  test('a node without gradient is no matter where nothing trained reaches it', () => {
    const graph = `g (float[8, 4] x) => (y) <float[4, 2] w = full(0.5)> { a = Det(x) b = MatMul(x, w) y = Add(b, a) }`
    expect(support(graph).distill).toEqual({ supported: true, notes: [] })
  })

  test('a quantized model is said to be quantized', () => {
    const graph = `g (float[1, 2] x) => (y) <int8[2, 2] q = {1, 2, 3, 4}, float s = {0.1}> {
      [dq] w = DequantizeLinear(q, s) y = MatMul(x, w) }`
    const { quantize, prune, distill } = support(graph)
    expect(quantize).toEqual({
      supported: false,
      notes: ["the model is quantized already: node 'dq' (DequantizeLinear)"],
    })
    expect([prune.supported, distill.supported]).toEqual([false, false])
  })

  test('operators that freeze channels are named, five at most', () => {
    const nodes = Array.from({ length: 7 }, (_, index) => `u${index} = Det(x)`).join(' ')
    const graph = `g (float[2, 2] x) => (y) <float[2, 2] w = full(0.5)> { ${nodes} y = MatMul(x, w) }`
    expect(support(graph).prune).toEqual({
      supported: true,
      notes: [expect.stringMatching(/'u0' \(Det\), .*'u4' \(Det\) and 2 more$/u)],
    })
  })
})
