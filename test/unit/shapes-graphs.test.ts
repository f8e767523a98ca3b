// Inference of types through subgraphs, sequences and local functions, and beside declared types.

import { describe, expect, test } from 'vitest'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'
import { findValue, inferred, print } from './shapes-text.ts'

describe('subgraphs', () => {
  test('If keeps what holds in both branches', () => {
    const text = (condition: string) => `g (bool c, float[n, 3, 4] x) => (y) <bool yes = {1}> {
        y = If (${condition}) <
          then_branch = t () => (p) { p = Relu (x) },
          else_branch = e () => (q) { q = Transpose <perm = [0, 2, 1]> (x) }
        >
      }`
    expect(inferred(text('c'))).toBe('float32[n, ?, ?]')
    expect(inferred(text('yes'))).toBe('float32[n, 3, 4]')
  })

  const loop = (
    carried: string,
  ) => `g (float[n, 2] x, int64 trips, bool go) => (r, y) <int64 five = {5}, bool yes = {1}> {
      r, y = Loop (five, yes, x) <body = b (int64 i, bool on, float[?, ?] now) => (on2, next, out) {
        on2 = Identity (on)
        next = ${carried}
        out = ReduceSum <keepdims = 0> (now)
      }>
    }`

  test('Loop: a state whose size stays, scan outputs as many as the trips', () => {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]> ${loop('Relu (now)')}`)
    const inference = inferTypes(model)
    expect(print(inference.type(findValue(model, 'r')))).toBe('float32[n, 2]')
    expect(print(inference.type(findValue(model, 'y')))).toBe('float32[?]')
  })

  test('Loop: a state that grows is unknown where it grows', () => {
    const model = parseModel(
      `<ir_version: 8, opset_import: ["" : 17]> ${loop('Concat <axis = 0> (now, now)')}`,
    )
    const inference = inferTypes(model)
    expect(print(inference.type(findValue(model, 'r')))).toBe('float32[?, 2]')
    expect(print(inference.type(findValue(model, 'now')))).toBe('float32[?, 2]')
  })

  test('Loop whose condition is always true runs all its trips', () => {
    const text = `g (float[n, 2] x) => (r, y) <int64 five = {5}> {
      r, y = Loop (five, "", x) <body = b (int64 i, bool on, float[?, ?] now) => (on2, next, out) <bool true = {1}> {
        on2 = Identity (true)
        next = Relu (now)
        out = Relu (now)
      }>
    }`
    expect(inferred(text)).toBe('float32[5, n, 2]')
  })

  test('Scan cuts its inputs and stacks its outputs', () => {
    const text = `g (float[3] start, float[t, 3] xs) => (last, y) {
      last, y = Scan <num_scan_inputs = 1, body = b (float[3] s, float[3] x) => (s2, out) {
        s2 = Add (s, x)
        out = Unsqueeze (s2, zero)
      }> (start, xs)
    }`.replace('=> (last, y) {', '=> (last, y) <int64[1] zero = {0}> {')
    expect(inferred(text)).toBe('float32[t, 1, 3]')
  })

  test('sequences', () => {
    const text = `g (float[6, n] x) => (y) <int64 two = {2}, int64 last = {-1}> {
      parts = SplitToSequence <axis = 0> (x, two)
      part = SequenceAt (parts, last)
      more = SequenceInsert (parts, part)
      y = ConcatFromSequence <axis = 0> (more)
    }`
    expect(inferred(text)).toBe('float32[8, n]')
  })
})

test('a local function is inferred with the types and attributes of each call', () => {
  const model = parseModel(
    `<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float[n, 6] x) => (y) {
      a = local.Pick <axis = 0> (x)
      b = local.Pick <axis = 1> (x)
      y = Concat <axis = 0> (a, b)
    }
    <domain: "local", opset_import: ["" : 17]>
    Pick <axis> (t) => (r) { r = ReduceMax <axes = [0], keepdims = 0> (u) }`.replace(
      '{ r = ReduceMax <axes = [0], keepdims = 0> (u) }',
      '{ u = Concat <axis : int = @axis> (t, t) r = Flatten <axis = 0> (u) }',
    ),
  )
  const inference = inferTypes(model)
  expect(inference.problems).toEqual([])
  expect(print(inference.type(findValue(model, 'a')))).toBe('float32[1, 12*n]')
  expect(print(inference.type(findValue(model, 'y')))).toBe('float32[2, 12*n]')
  const [body] = model.functions
  const inner = [...(body?.body.nodes() ?? [])][0]?.output(0)
  expect(inner ? print(inference.type(inner)) : '').toBe('float32[?, ?]')
})

describe('declared types', () => {
  const text =
    'g (float[n] x) => (float[k] y) <float[m, 4] h> { h = acme.Split (x) y = acme.Join (h) }'
  const header = '<ir_version: 8, opset_import: ["" : 17, "acme" : 1]> '

  test('fill in what is unknown, unless told not to', () => {
    const model = parseModel(header + text)
    expect(print(inferTypes(model).type(findValue(model, 'h')))).toBe('float32[m, 4]')
    expect(print(inferTypes(model, { declaredTypes: 'ignore' }).type(findValue(model, 'h')))).toBe(
      'unknown',
    )
  })

  test('name sizes that have no name, and follow them on', () => {
    const model = parseModel(
      `${header} g (float[n, 5] x) => (y) <int64[2, hits] z> { z = NonZero (x) y = Transpose (z) }`,
    )
    expect(print(inferTypes(model).type(findValue(model, 'y')))).toBe('int64[hits, 2]')
  })

  test('that contradict are a problem, and do not win', () => {
    const model = parseModel(`${header} g (float[2, 3] x) => (float[2, 4] y) { y = Relu (x) }`)
    const inference = inferTypes(model)
    expect(print(inference.type(findValue(model, 'y')))).toBe('float32[2, 3]')
    expect(inference.problems).toEqual([
      {
        node: model.graph.outputs[0]?.producer,
        message: "'y' is declared with size 4 where it has 3",
      },
    ])
  })

  test('a name that reads like an expression stays apart from the expression', () => {
    const model = parseModel(
      `${header} g (float["2*n"] a, float[n] b) => (y) { two = Concat <axis = 0> (b, b) y = Add (a, two) }`,
    )
    const inference = inferTypes(model)
    expect(print(inference.type(findValue(model, 'a')))).toBe('float32[2*n]')
    expect(print(inference.type(findValue(model, 'two')))).toBe('float32[(2*n)]')
  })
})
