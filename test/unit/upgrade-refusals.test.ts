import { expect, test } from 'vitest'
import { opsetVersion } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { printModel } from '#src/onnx/text/print-model'
import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'

interface Refused {
  readonly what: string
  readonly opset: number
  /** The highest opset that can express it. */
  readonly reached: number
  readonly graph: string
  readonly reason: RegExp
}

const REFUSED: readonly Refused[] = [
  {
    what: 'Scan over a batch',
    opset: 8,
    reached: 8,
    graph: `g (float[1, 2, 3] x) => (float[?, ?, ?] y) { [s] y = Scan <num_scan_inputs = 1,
      body = b (float[3] a) => (float[3] c) { c = Neg(a) }> ("", x) }`,
    reason: /batch/u,
  },
  {
    what: 'statistics for each position',
    opset: 7,
    reached: 8,
    graph: `g (float[1, 2, 3] x, float[2, 3] p) => (float[?, ?, ?] y) {
      [s] y = BatchNormalization <spatial = 0> (x, p, p, p, p) }`,
    reason: /spatial=0/u,
  },
  {
    what: 'training mode',
    opset: 9,
    reached: 13,
    graph: `g (float[1, 2, 3] x, float[2] p) => (float[?, ?, ?] y, float[2] m) {
      [s] y, m, v = BatchNormalization(x, p, p, p, p) }`,
    reason: /training/u,
  },
  {
    what: 'a mask that is read',
    opset: 7,
    reached: 9,
    graph: 'g (float[2] x) => (float[2] y) { d, m = Dropout(x) [s] y = Mul(d, m) }',
    reason: /mask/u,
  },
  {
    what: 'sizes that are computed',
    opset: 1,
    reached: 1,
    graph: 'g (float[4] x, int64[2] p) => (float[?] a, float[?] b) { [s] a, b = Split(x, p) }',
    reason: /computed/u,
  },
  {
    what: 'nearest pixels of an axis that grows beside one that shrinks',
    opset: 10,
    reached: 10,
    graph: `g (float[1, 1, 4, 4] x) => (float[?, ?, ?, ?] y) <float[4] p = {1, 1, 0.5, 2}> {
      [s] y = Resize(x, p) }`,
    reason: /rounds/u,
  },
  {
    what: 'half pixels for nearest neighbours, rounded up',
    opset: 11,
    reached: 12,
    graph: `g (float[1, 1, 4, 4] x) => (float[?, ?, ?, ?] y) <float[0] r = {}, float[4] p = {1, 1, 2, 2}> {
      [s] y = Resize <coordinate_transformation_mode = "tf_half_pixel_for_nn", nearest_mode = "ceil"> (x, r, p) }`,
    reason: /tf_half_pixel_for_nn/u,
  },
  {
    what: 'operands aligned at an axis of a value of unknown rank',
    opset: 6,
    reached: 6,
    graph:
      'g (float[] x, float[3] b) => (float y) { [s] y = Add <broadcast = 1, axis = 1> (x, b) }',
    reason: /rank/u,
  },
  {
    what: 'bounds for a value of unknown element type',
    opset: 10,
    reached: 10,
    graph: 'g (x) => (y) { [s] y = Clip <min = 0.0> (x) }',
    reason: /element type of 'x'/u,
  },
]

test.each(REFUSED)('$what stays at opset $reached', ({ opset, reached, graph, reason }) => {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : ${opset}]> ${graph}`)
  const report = upgradeOpset(model, 21)
  expect([report.from, report.to, opsetVersion(model)]).toEqual([opset, reached, reached])
  expect(report.refusals).toHaveLength(1)
  expect(report.refusals[0]).toMatchObject({ opset: reached + 1 })
  expect(report.refusals[0]?.reason).toMatch(reason)
})

test('a refusal names the node and leaves what the step would have changed', () => {
  const model =
    parseModel(`<ir_version: 8, opset_import: ["" : 8]> g (float[1, 2, 3] x) => (float[?, ?, ?] y, float[3] z) {
    [scan] y = Scan <num_scan_inputs = 1, body = b (float[3] a) => (float[3] c) { c = Neg(a) }> ("", x)
    z = Upsample <scales = [1.0, 1.0, 2.0]> (x) }`)
  const before = printModel(model)
  expect(upgradeOpset(model, 21).refusals).toMatchObject([{ node: 'scan', opType: 'Scan' }])
  expect(printModel(model)).toBe(before)
})

test('a model at the target or beyond stays', () => {
  const model = parseModel(
    '<ir_version: 11, opset_import: ["" : 22]> g (float x) => (float y) { y = Relu(x) }',
  )
  const before = printModel(model)
  expect(upgradeOpset(model, 21)).toEqual({ from: 22, to: 22, changed: [], refusals: [] })
  expect(printModel(model)).toBe(before)
})

test('the IR version rises with the opset, and initializers leave the inputs they had to be among', () => {
  const model =
    parseModel(`<ir_version: 3, opset_import: ["" : 7]> g (float[2] x, float[2] w) => (float[2] y)
    <float[2] w = {1, 2}> { y = Mul(x, w) }`)
  upgradeOpset(model, 21)
  expect(model.irVersion).toBe(10)
  expect(model.graph.inputs.map(({ name }) => name)).toEqual(['x'])
  expect(model.graph.initializers.get('w')?.constant).not.toBeNull()
})

test('names that are made do not collide', () => {
  const model =
    parseModel(`<ir_version: 6, opset_import: ["" : 11]> g (float[2] x) => (float[1, 2] y)
    <float[2] y_axes = {1, 2}> { a = Mul(x, y_axes) y = Unsqueeze <axes = [0]> (a) }`)
  upgradeOpset(model, 21)
  expect([...model.graph.initializers.keys()]).toEqual(['y_axes', 'y_axes_1'])
})
