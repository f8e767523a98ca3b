import { describe, expect, test } from 'vitest'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import type { Tensor } from '#src/onnx/ir/tensor'
import { tensorType } from '#src/onnx/ir/value-type'
import { Value } from '#src/onnx/ir/value'
import { OnnxError } from '#src/onnx/onnx-error'
import { parseModel } from '#src/onnx/text/parse-model'
import type { VerifyLimits } from '#src/onnx/verify/limits'
import { DEFAULT_LIMITS } from '#src/onnx/verify/limits'
import { findProblems, verifyModel } from '#src/onnx/verify-model'
import { TOO_LARGE } from './too-large-models.ts'
import { ACCEPTED_MODELS, REFUSED_MODELS } from './verify-cases.ts'

const HEADER =
  '<ir_version: 10, opset_import: ["" : 21, "com.microsoft" : 1, "ai.onnx.ml" : 3, "local" : 1]>'

function modelOf(text: string): Model {
  return parseModel(text.startsWith('<') ? text : `${HEADER} ${text}`)
}

function refusalOf(make: () => Model): OnnxError {
  try {
    verifyModel(make())
  } catch (error) {
    if (error instanceof OnnxError) return error
    throw error
  }
  throw new Error('the model was accepted')
}

test.each(REFUSED_MODELS)('refused: $what', ({ text, code, says, where }) => {
  const refusal = refusalOf(() => modelOf(text))
  expect([refusal.code, refusal.detail]).toEqual([code, expect.stringMatching(says)])
  if (where !== undefined) expect(refusal.where).toEqual(where)
})

test.each(Object.entries(TOO_LARGE))('refused: a tensor that %s makes too large', (_, text) => {
  const refusal = refusalOf(() => modelOf(text))
  expect(refusal.code).toBe('tensor_too_large')
  expect(refusal.detail).toMatch(/\d{10,} bytes; at most 2147483648/u)
  expect(refusal.where).toMatchObject({ node: 'y', tensor: 'y' })
})

test.each(Object.entries(ACCEPTED_MODELS))('accepted: %s', (_, text) => {
  expect([...findProblems(modelOf(text))]).toEqual([])
})

test('limits are the caller’s', () => {
  const model = modelOf('g (float[10] x) => (y) { a = Neg(x) y = Abs(a) }')
  expect([...findProblems(model)]).toEqual([])
  const codes = (limits: Partial<VerifyLimits>) =>
    [...findProblems(model, { ...DEFAULT_LIMITS, ...limits })].map(({ code }) => code)
  expect(codes({ maxTensorBytes: 39 })).toEqual(Array(3).fill('tensor_too_large'))
  expect(codes({ maxNodes: 1 })).toEqual(['model_too_complex'])
  expect(codes({ maxNodes: 2 })).toEqual([])
})

test('all problems of a stage are told', () => {
  const model = modelOf('g (float x) => (float y) { a = Add(x) b = Mul(a) y = Sub(b) }')
  expect([...findProblems(model)].map(({ where }) => where.node)).toEqual(['a', 'b', 'y'])
})

describe('tensors that contradict themselves', () => {
  function modelWith(fields: Partial<Tensor>): Model {
    const model = modelOf('g (float[2] x) => (y) <float[2] w = {1, 2}> { y = Mul(x, w) }')
    const weight = model.graph.initializers.get('w')!
    const tensor = weight.initializer as Tensor
    model.graph.setInitializer(weight, { ...tensor, ...fields })
    return model
  }

  test.each<[string, Partial<Tensor>, RegExp]>([
    ['a negative dimension', { dims: [-2] }, /negative dimension -2/u],
    ['more dimensions than numbers', { dims: [2 ** 40, 2 ** 40] }, /too many/u],
    ['too few bytes', { dims: [5] }, /'w' is float32 \[5\], which takes/u],
    [
      'bytes that are not whole elements',
      { storage: { kind: 'raw', range: bufferRange(new Uint8Array(7)) } },
      /takes 8 bytes, and has 7/u,
    ],
  ])('%s', (_, fields, says) => {
    const refusal = refusalOf(() => modelWith(fields))
    expect([refusal.code, refusal.detail]).toEqual([
      'invalid_initializer',
      expect.stringMatching(says),
    ])
    expect(refusal.where).toEqual({ tensor: 'w' })
  })

  test('a file that was not uploaded is named', () => {
    const entries = [['location', 'weights.bin']] as const
    const refusal = refusalOf(() =>
      modelWith({ storage: { kind: 'external', entries, range: 'none' } }),
    )
    expect(refusal.code).toBe('external_data_missing')
    expect(refusal.where).toEqual({ tensor: 'w', location: 'weights.bin' })
  })
})

test('a value that two nodes define, in a model made by code', () => {
  const graph = new Graph()
  const x = new Value('x', tensorType('float32', [2]))
  graph.inputs.push(x)
  x.graph = graph
  graph.append(makeNode('Neg', [x], ['y']))
  const second = graph.append(makeNode('Abs', [x], ['y']))
  graph.outputs.push(second.output(0)!)
  const model: Model = { ...modelOf('g (float x) => (float y) { y = Neg(x) }'), graph }
  expect(refusalOf(() => model)).toMatchObject({ code: 'invalid_graph', where: { tensor: 'y' } })
})
