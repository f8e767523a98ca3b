// Inference of types: shape arithmetic, broadcasting, contradictions.

import { describe, expect, test } from 'vitest'
import { intAttribute } from '#src/onnx/ir/attribute'
import { makeNode } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import { annotate, inferTypes } from '#src/onnx/shapes/infer-types'
import { bigintValues } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import { findValue, inferred, print } from './shapes-text.ts'

describe('constants flow through shape arithmetic', () => {
  test('Shape, Gather, Concat, Reshape: the heads of an attention', () => {
    const text = `g (float[batch, seq, 64] x) => (y)
      <int64 zero = {0}, int64 one = {1}, int64[1] axis = {0}, int64[1] heads = {4}, int64[1] rest = {-1}> {
        s = Shape (x)
        b0 = Gather (s, zero)
        l0 = Gather (s, one)
        b = Unsqueeze (b0, axis)
        l = Unsqueeze (l0, axis)
        target = Concat <axis = 0> (b, l, heads, rest)
        r = Reshape (x, target)
        y = Transpose <perm = [0, 2, 1, 3]> (r)
      }`
    expect(inferred(text)).toBe('float32[batch, 4, seq, 16]')
    expect(inferred(text, { sizes: { batch: 2 } })).toBe('float32[2, 4, seq, 16]')
    expect(inferred(text, { inputs: { x: [null, 'n', 64] } })).toBe('float32[?, 4, n, 16]')
  })

  test('sizes that have no name still cancel', () => {
    const text =
      `g (float[?, 8, ?] x) => (y) <int64[2] keep = {0, 0}, int64[1] all = {-1}, int64[1] first = {0}> {
        s = Shape (x)
        b = Slice (s, first, one)
        t = Concat <axis = 0> (b, all)
        r = Reshape (x, t)
        n = Shape (x)
        back = Reshape (r, n)
        y = Add (back, x)
      }`.replace('int64[1] first', 'int64[1] one = {1}, int64[1] first')
    expect(inferred(text)).toBe('float32[?, 8, ?]')
    expect(inferred(text.replace('Add (back, x)', 'Div (s, n)'))).toBe('int64[3]')
  })

  test('integer and floating-point arithmetic on sizes', () => {
    const half = `g (float[n, 3, h, w] x) => (y) <int64[1] two = {2}, int64[1] i2 = {2}, int64[1] i3 = {3}> {
        s = Shape (x)
        hs = Slice (s, i2, i3)
        t = Div (hs, two)
        y = ConstantOfShape (t)
      }`
    expect(inferred(half)).toBe('float32[floor(h/2)]')
    const scaled = `g (float[n, 3, h, w] x) => (y) <float f = {0.5}, int64[1] i2 = {2}, int64[1] i4 = {4}> {
        s = Shape (x)
        hw = Slice (s, i2, i4)
        real = Cast <to = 1> (hw)
        part = Mul (real, f)
        down = Ceil (part)
        t = Cast <to = 7> (down)
        y = ConstantOfShape (t)
      }`
    expect(inferred(scaled)).toBe('float32[floor((h+1)/2), floor((w+1)/2)]')
  })

  test('Where(Equal(size, -1), ...) of exported Expand', () => {
    const text = `g (float[1, 4] x, float[b, 7] z) => (y) <int64[1] minus = {-1}, int64[1] first = {0}, int64[1] one = {1}, int64[1] four = {4}> {
        s = Shape (z)
        b = Slice (s, first, one)
        t = Concat <axis = 0> (b, minus)
        len = Shape (t)
        ones = ConstantOfShape <value: tensor = int64[1] {1}> (len)
        hit = Equal (t, minus)
        target = Where (hit, ones, t)
        y = Expand (x, target)
      }`
    expect(inferred(text)).toBe('float32[b, 4]')
  })

  test('constants are computed exactly, beyond 2^53 too', () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[2] x) => (y) <int64[2] a = {9007199254740993, 5}, int64 b = {2}> {
        c = Mul (a, b)
        s = Shape (x)
        y = Add (c, s)
      }`)
    const constant = inferTypes(model).constant(findValue(model, 'y'))
    expect(constant === null ? null : bigintValues(constant)).toEqual([18014398509481988n, 12n])
  })

  test('a caller may override the default of an input, so it is no constant', () => {
    const text = 'g (float[6] x, int64[2] s = {2, 3}) => (y) { y = Reshape (x, s) }'
    expect(inferred(text)).toBe('float32[?, ?]')
    const old = parseModel(`<ir_version: 3, opset_import: ["" : 8]> ${text}`)
    expect(print(inferTypes(old).type(findValue(old, 'y')))).toBe('float32[2, 3]')
  })

  test('inputs taken for constants', () => {
    const text = 'g (float[6] x, int64[2] s) => (y) { y = Reshape (x, s) }'
    const s = typedTensor('s', 'int64', [2], BigInt64Array.from([3n, -1n]))
    expect(inferred(text)).toBe('float32[?, ?]')
    expect(inferred(text, { constants: { s } })).toBe('float32[3, 2]')
  })
})

describe('broadcasting', () => {
  test.each([
    ['n, 1', 'n, 5', 'n, 5'],
    ['n', 'm', '?'],
    ['n', '4', '4'],
    ['n', '1', 'n'],
    ['n, 1', '1, m', 'n, m'],
    ['?', '?', '?'],
    ['3, n', 'n', '3, n'],
  ])('[%s] + [%s] = [%s]', (a, b, result) => {
    const text = `g (float[${a}] a, float[${b}] b) => (y) { y = Add (a, b) }`
    expect(inferred(text)).toBe(`float32[${result}]`)
  })

  test('a table of positions cut to the length', () => {
    const text = `g (float[n, seq, 4] x) => (y) <float[56, 4] table = random(1), int64[1] i0 = {0}, int64[1] i1 = {1}, int64[1] i2 = {2}> {
        s = Shape (x)
        length = Slice (s, i1, i2)
        positions = Slice (table, i0, length, i0)
        y = Add (x, positions)
      }`
    expect(inferred(text)).toBe('float32[n, seq, 4]')
  })

  test('a size that is never 1 wins over an unknown one', () => {
    const text = `g (float[n] a, float[m] b) => (y) { two = Concat <axis = 0> (a, a) y = Add (two, b) }`
    expect(inferred(text)).toBe('float32[2*n]')
  })
})

describe('contradictions', () => {
  test.each([
    ['float[2, 3] a, float[4] b', 'Add (a, b)', 'cannot broadcast 3 with 4'],
    ['float[2, 3] a, float[4, 2] b', 'MatMul (a, b)', 'sizes 3 and 4 should be equal'],
    ['float[2, 3] a, float[3] b', 'Softmax <axis = 1> (a)', ''],
    ['float[2, 3] a, float[3] b', 'ReduceMax <axes = [2]> (a)', 'axis 2 is outside of rank 2'],
    ['float[7] a, float[3] b', 'Reshape (a, s)', 'cannot reshape 7 elements into multiples of 2'],
  ])('%s: %s', (inputs, call, message) => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (${inputs}) => (y) <int64[2] s = {2, -1}> { y = ${call} }`)
    const { problems } = inferTypes(model)
    expect(problems.map((problem) => problem.message)).toEqual(message === '' ? [] : [message])
  })
})

test('functions that call themselves, or one another twice over, end', () => {
  const header = '<ir_version: 8, opset_import: ["" : 17, "local" : 1]>'
  const body = '<domain: "local", opset_import: ["" : 17, "local" : 1]>'
  const itself = parseModel(`${header} g (float[n] x) => (y) { y = local.Again (x) }
    ${body} Again (t) => (r) { u = local.Again (t) r = local.Again (u) }`)
  const inference = inferTypes(itself)
  expect(print(inference.type(findValue(itself, 'y')))).toBe('unknown')
  const problem = "function 'Again' calls itself"
  expect(inference.problems.map(({ message }) => message)).toEqual([problem, problem])
  const levels = Array.from({ length: 40 }, (_, level) => {
    const next = level === 39 ? 'Relu' : `local.F${level + 1}`
    return `${body} F${level} (t) => (r) { u = ${next} (t) r = ${next} (u) }`
  })
  const tower = parseModel(
    `${header} g (float[n] x) => (y) { y = local.F0 (x) } ${levels.join('\n')}`,
  )
  expect(inferTypes(tower).problems).toEqual([])
})

test('annotate writes the types into the model, inferTypes does not', () => {
  const model = parseModel(
    '<ir_version: 8, opset_import: ["" : 17]> g (float[n, 3] x) => (y) { h = Relu (x) y = Exp (h) }',
  )
  inferTypes(model)
  expect(findValue(model, 'h').type).toBeNull()
  annotate(model)
  expect(print(findValue(model, 'h').type)).toBe('float32[n, 3]')
})

test('shapeAt binds the symbols', () => {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[n, 3, h, w] x) => (y) <float[8, 3, 3, 3] k = random(1)> { y = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, k) }`)
  const inference = inferTypes(model)
  const y = findValue(model, 'y')
  expect(print(inference.type(y))).toBe('float32[n, 8, floor((h+1)/2), floor((w+1)/2)]')
  expect(inference.shapeAt(y, { n: 1, h: 225, w: 224 })).toEqual([1, 8, 113, 112])
  expect(inference.shapeAt(y, { n: 1 })).toEqual([1, 8, null, null])
})

test('2000 nodes take less than 200 ms', () => {
  const model = parseModel(
    '<ir_version: 8, opset_import: ["" : 17]> g (float[n, 8, h, w] x) => (y) <float[8, 8, 3, 3] k = random(2)> { y = Relu (x) }',
  )
  const k = model.graph.initializers.get('k') ?? null
  let value = model.graph.inputs[0] ?? null
  for (let index = 0; index < 500; index += 1) {
    const conv = makeNode('Conv', [value, k], [`c${index}`])
    const shape = makeNode('Shape', [conv.output(0)], [`s${index}`])
    const reshape = makeNode('Reshape', [conv.output(0), shape.output(0)], [`r${index}`])
    const last = makeNode('Softmax', [reshape.output(0)], [`o${index}`], [intAttribute('axis', 1)])
    for (const node of [conv, shape, reshape, last]) model.graph.append(node)
    value = last.output(0)
  }
  inferTypes(model)
  // Processor time: other work on the machine must not fail this.
  const before = process.cpuUsage()
  const inference = inferTypes(model)
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(400)
  expect(value === null ? '' : print(inference.type(value))).toBe('float32[n, 8, h-1000, w-1000]')
})
