import { expect, test } from 'vitest'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { floatValues, intValues } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import { printModel } from '#src/onnx/text/print-model'
import { printNode } from '#src/onnx/text/print-graph'
import { modelBytes } from '#src/onnx/write-model'

const SAMPLES: Record<string, string> = {
  'types and dimensions': `g (float a, float[] b, float[N, 3, ?] c, seq(float[2]) d, optional(int64[]) e,
    map(int64, string) f, sparse_tensor(float[4]) h, opaque("d", "n") i, untyped, "odd name" ) => (double[2] y)
    <int8[2] k, double[2] y> { y = Op(a, b) k = Op() }`,
  'constants of every kind': `g () => () <float s = {1.5}, float[2] inf = {-inf, nan}, int64[2] l = {9007199254740993, -1},
    string[2] t = {"a \\"quoted\\" one", ""}, bool[2] b = {1, 0}, float16[2] h = {0.1, -0.0}, int4[3] q = {-8, 7, 1},
    complex64[1] c = {1, -2}, float8e4m3fn[2] e = {448, 0.0625}, float[0] none = {}, double[1] d = {0.1},
    float[1] x = ["location": "w.bin", "offset": "4"],
    sparse_tensor(float[5]) z = float[2] {1, 2} at int64[2] {0, 3}> { }`,
  'attributes of every kind': `g (float x) => (float y) { [n] y = com.acme.Op:over <i = -1, f = 1.0, tiny = 1e-7, s = "text",
    ints = [1, 2], floats = [0.5, 2.0], strings = ["a", "b"], none: ints = [], t = float[2] {1, 2}, named = int64 n {3},
    type: type_proto = seq(float[N]), types: type_protos = [float, int64[2]], tensors = [float {1}, float {2}],
    body = b () => (float z) { z = Neg(x) }, sp = sparse_tensor(float[5]) float[1] {1} at int64[1] {2}> (x) }`,
  functions: `<ir_version: 9, opset_import: ["" : 18, "local" : 1], producer_name: "p", metadata_props: ["k": "v"]>
    g (float[N] x) => (float[N] y) { y = local.f <alpha = 0.5> (x) }
    <domain: "local", opset_import: ["" : 18]>
    f <required, alpha: float = 1.0> (float[N] x) => (y) <float[N] h> { h = Elu <alpha: float = @alpha> (x) y = Neg(h) }`,
}

test.each(Object.entries(SAMPLES))(
  '%s: print, parse and print again agree, also by way of bytes',
  (_, text) => {
    const printed = printModel(parseModel(text))
    expect(printModel(parseModel(printed))).toBe(printed)
    expect(printModel(readModel(bufferRange(modelBytes(parseModel(text)))))).toBe(printed)
  },
)

test('what was written means what it says', () => {
  const model = parseModel(SAMPLES['constants of every kind'] ?? '')
  const constant = (name: string) => model.graph.initializers.get(name)!.constant!
  expect([...floatValues(constant('inf'))]).toEqual([-Infinity, Number.NaN])
  expect([...floatValues(constant('e'))]).toEqual([448, 0.0625])
  expect(intValues(constant('q'))).toEqual([-8, 7, 1])
  expect(constant('s').dims).toEqual([])
  const [node] = [...parseModel(SAMPLES['attributes of every kind'] ?? '').graph.nodes()]
  expect(node?.domain).toBe('com.acme')
  expect(node?.overload).toBe('over')
  expect(node?.ints('ints')).toEqual([1, 2])
  expect(node?.ints('none')).toEqual([])
  expect(node?.float('f', 0)).toBe(1)
  expect(node?.int('f', 7)).toBe(7)
  expect(printNode(node!)).toMatch(/^\[n\] y = com\.acme\.Op:over <i = -1, f = 1\.0, tiny = 1e-7,/u)
})

test('random weights follow their seed and scale', () => {
  const weights = (generator: string) =>
    floatValues(
      parseModel(`g () => () <float[100] w = ${generator}> {}`).graph.initializers.get('w')!
        .constant!,
    )
  expect(weights('random(7)')).toEqual(weights('random(7)'))
  expect(weights('random(7)')).not.toEqual(weights('random(8)'))
  const scaled = [...weights('random(7, 0.1)')]
  expect(Math.max(...scaled)).toBeLessThan(0.1)
  expect(Math.min(...scaled)).toBeLessThan(-0.05)
  expect([...weights('full(2)')]).toEqual(Array.from({ length: 100 }, () => 2))
})

test('large constants can be left out of the print', () => {
  const model = parseModel('g () => () <float[100] w = random(1), float[2] v = {1, 2}> {}')
  const printed = printModel(model, { elideAbove: 10 })
  expect(printed).toContain('float[100] w = {...}')
  expect(printed).toContain('float[2] v = {1.0, 2.0}')
})

test.each([
  ['g (float x) => (float y) { y = Relu(x }', "line 1, column 39: expected ')', found '}'"],
  ['g (float x)\n => (float y) { y Relu(x) }', "line 2, column 19: expected '=', found 'Relu'"],
  ['g () => () { y = Op <a = []> () }', 'an empty list needs a type'],
  ['g () => () <float[N] w = {1}> {}', 'a constant needs sizes that are numbers'],
  ['<ir_versoin: 8> g () => () {}', "'ir_versoin' is no field of a model"],
])('%j is a syntax error that says where', (text, message) => {
  expect(() => parseModel(text)).toThrow(message)
  expect(() => parseModel(text)).toThrow(SyntaxError)
})
