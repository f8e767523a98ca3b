import { expect, test } from 'vitest'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { encodeMessage } from '#src/onnx/proto/encode-message'
import type { Message } from '#src/onnx/proto/schema'
import { readModel } from '#src/onnx/read-model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'

const read = (message: Message<'ModelProto'>) =>
  readModel(bufferRange(encodeMessage('ModelProto', message)))

const ascii = (text: string) => bufferRange(new TextEncoder().encode(text))

test.each([
  ['', /empty/u],
  ['<!DOCTYPE html><html></html>', /HTML/u],
  ['  {"ir_version": 8}', /JSON/u],
  ['PK\u0003\u0004 and more', /zip/u],
  ['version https://git-lfs.github.com/spec/v1\n', /Git LFS/u],
  ['<ir_version: 8> g () => () {}', /textual/u],
])('what is no model is refused by what it looks like: %j', (text, message) => {
  expect(() => readModel(ascii(text))).toThrow(
    expect.objectContaining({ code: 'not_onnx', message: expect.stringMatching(message) }),
  )
})

test('a model without graph, and bytes without any known field, are refused', () => {
  expect(() => read({ ir_version: 8n })).toThrow(expect.objectContaining({ code: 'invalid_graph' }))
  expect(() => read({ producer_name: 'x' })).toThrow(expect.objectContaining({ code: 'not_onnx' }))
})

const invalid: [string, string, object][] = [
  [
    'g (float x) => (float y) { [n] y = Neg(nope) }',
    "node 'n' (Neg) reads 'nope'",
    { node: 'n', opType: 'Neg', tensor: 'nope' },
  ],
  [
    'g (float x) => (float y) { y = Neg(x) y = Abs(x) }',
    "node 'y' (Abs) defines 'y'",
    { node: 'y', opType: 'Abs', tensor: 'y' },
  ],
  [
    'g (float x, float x) => (float x) {}',
    "a graph input defines 'x'",
    { graph: 'g', tensor: 'x' },
  ],
  ['g (float x) => (float y) {}', "the graph output 'y'", { graph: 'g', tensor: 'y' }],
  ['g (float "") => () {}', 'a graph input has no name', { graph: 'g', tensor: '' }],
  [
    'g (float x) => (float x) <float w = {1}, float w = {2}> {}',
    "an initializer defines 'w'",
    { graph: 'g', tensor: 'w' },
  ],
]
test.each(invalid)('%s is refused', (text, message, where) => {
  expect(() => parseModel(text)).toThrow(
    expect.objectContaining({
      code: 'invalid_graph',
      message: expect.stringContaining(message),
      where,
    }),
  )
})

test('a node may stand before what it reads', () => {
  const model = parseModel('g (float x) => (float y) { y = Neg(a) a = Abs(x) }')
  const [neg, abs] = [...model.graph.nodes()]
  expect(neg?.input(0)?.producer).toBe(abs)
})

test('a subgraph reads the values around it, and its own first', () => {
  const model = parseModel(`g (bool c, float x) => (float y) <float w = {1}> {
    y = If (c) <
      then_branch = t () => (float a) { a = Add(x, w) },
      else_branch = e () => (float b) <float w = {2}> { b = Add(x, w) }>
  }`)
  const [node] = [...model.graph.nodes()]
  const [then, other] = node?.subgraphs() ?? []
  const outer = model.graph.initializers.get('w')
  expect([...(then?.nodes() ?? [])][0]?.input(1)).toBe(outer)
  expect([...(other?.nodes() ?? [])][0]?.input(1)).toBe(other?.initializers.get('w'))
  expect(outer?.uses.size).toBe(1)
  expect(then?.owner).toBe(node)
})

test('inputs left out and initializers that are inputs', () => {
  const model = parseModel(`g (float[2] x, float[2] lo = {0, 1}) => (float[2] y) {
    y, "" = Clip(x, "", lo)
  }`)
  const [clip] = [...model.graph.nodes()]
  expect(clip?.inputs.map((value) => value?.name ?? null)).toEqual(['x', null, 'lo'])
  expect(clip?.outputs).toHaveLength(2)
  const lo = model.graph.initializers.get('lo')
  expect(lo?.isGraphInput).toBe(true)
  expect(lo?.constant).toBeNull()
})

test('IR version 1 has no opset imports and no attribute types', () => {
  const message: Message<'ModelProto'> = {
    ir_version: 1n,
    graph: {
      input: [{ name: 'x' }],
      node: [{ op_type: 'Elu', input: ['x'], output: ['y'], attribute: [{ name: 'alpha', f: 2 }] }],
      output: [{ name: 'y' }],
    },
  }
  const model = read(message)
  expect(model.opsetImports).toEqual([{ domain: '', version: 1 }])
  expect([...model.graph.nodes()][0]?.float('alpha', 1)).toBe(2)
  expect(Buffer.from(modelBytes(model))).toEqual(Buffer.from(encodeMessage('ModelProto', message)))
})

test.each<[string, Message<'TensorProto'>, RegExp]>([
  [
    'raw_data too short',
    { dims: [4n], data_type: 1, raw_data: ascii('abc') },
    /needs 16 bytes and has 3/u,
  ],
  ['no data at all', { dims: [4n], data_type: 1 }, /needs 4 entries in float_data.* has 0/u],
  ['a negative dimension', { dims: [-4n], data_type: 1 }, /negative dimension -4/u],
  ['an unknown type', { data_type: 99 }, /unknown data type 99/u],
  [
    'data in another type’s field',
    { dims: [1n], data_type: 7, float_data: Float32Array.of(1) },
    /int64_data/u,
  ],
  [
    'a product of dimensions beyond all memory',
    { dims: [2n ** 62n, 8n], data_type: 2, raw_data: ascii('a') },
    /needs/u,
  ],
])('an initializer with %s is refused', (_, tensor, message) => {
  const graph = { initializer: [{ name: 'w', ...tensor }] }
  expect(() => read({ ir_version: 8n, graph })).toThrow(
    expect.objectContaining({
      code: 'invalid_initializer',
      message: expect.stringMatching(message),
      where: { tensor: 'w' },
    }),
  )
})

test('an attribute given twice or with no value is refused, naming the node', () => {
  const node = (attribute: Message<'AttributeProto'>[]) => ({
    ir_version: 8n,
    graph: { node: [{ op_type: 'Constant', output: ['y'], attribute }] },
  })
  const faulty = expect.objectContaining({
    code: 'invalid_attribute',
    message: expect.stringContaining("node 'y' (Constant)"),
    where: expect.objectContaining({ node: 'y', opType: 'Constant' }),
  })
  expect(() =>
    read(
      node([
        { name: 'a', i: 1n, type: 2 },
        { name: 'a', i: 1n, type: 2 },
      ]),
    ),
  ).toThrow(faulty)
  expect(() => read(node([{ name: 'value', type: 4 }]))).toThrow(faulty)
  expect(() => read(node([{ name: 'value', type: 77 }]))).toThrow(faulty)
})

test('what value_info and outputs say of one value is brought together', () => {
  const type = (shape?: Message<'TensorShapeProto'>): Message<'TypeProto'> => ({
    tensor_type: { elem_type: 1, ...(shape === undefined ? {} : { shape }) },
  })
  const message: Message<'ModelProto'> = {
    ir_version: 8n,
    graph: {
      node: [{ output: ['y'], op_type: 'RandomNormal' }],
      output: [{ name: 'y', type: type() }],
      value_info: [
        { name: 'y', type: type({ dim: [{ dim_value: 2n }] }) },
        { name: 'stale', type: type() },
      ],
    },
  }
  const model = read(message)
  expect(model.graph.outputs[0]?.type).toEqual({ kind: 'tensor', dtype: 'float32', shape: [2] })
  expect(Buffer.from(modelBytes(model))).toEqual(Buffer.from(encodeMessage('ModelProto', message)))
})

test('cut or altered files give an OnnxError or a model, nothing else', () => {
  const bytes = modelBytes(
    parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[N, 2] x) => (float[N, 2] y)
      <float[2, 2] w = random(1), string[1] s = {"a"}> {
      h = MatMul(x, w) y = If(h) <then_branch = t () => (float a) { a = Neg(h) }, k = [1, 2], e = [0.5]>
    }`),
  )
  const outcome = (data: Uint8Array) => {
    try {
      readModel(bufferRange(data))
      return 'read'
    } catch (error) {
      return error instanceof Error ? error.name : 'no error'
    }
  }
  const cut = Array.from({ length: bytes.length - 1 }, (_, end) => outcome(bytes.subarray(0, end)))
  expect(new Set(cut)).toEqual(new Set(['OnnxError', 'read']))
  const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const copy = bytes.slice()
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return outcome(copy)
  })
  expect(new Set(flipped)).toEqual(new Set(['OnnxError', 'read']))
})
