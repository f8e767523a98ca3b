import { expect, test } from 'vitest'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { decodeMessage } from '#src/onnx/proto/decode-message'
import { encodeMessage } from '#src/onnx/proto/encode-message'
import type { Message } from '#src/onnx/proto/schema'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

test.each<[string, Message<'TensorProto'>, string]>([
  ['unpacked int64', { dims: [3n, 300n] }, '08 03 08 ac02'],
  ['negative int32', { data_type: -1 }, '10 ffffffffffffffffff01'],
  ['packed float', { float_data: Float32Array.of(1, -2) }, '22 08 0000803f 000000c0'],
  ['packed int32', { int32_data: Int32Array.of(1, -1) }, '2a 0b 01 ffffffffffffffffff01'],
  [
    'packed int64',
    { int64_data: BigInt64Array.of(-2n, 2n ** 62n) },
    '3a 13 feffffffffffffffff01 808080808080808040',
  ],
  ['packed double', { double_data: Float64Array.of(0.5) }, '52 08 000000000000e03f'],
  [
    'packed uint64',
    { uint64_data: BigUint64Array.of(2n ** 64n - 1n) },
    '5a 0a ffffffffffffffffff01',
  ],
  ['string', { name: 'é' }, '42 02 c3a9'],
  ['nested message', { segment: { begin: 1n, end: 0n } }, '1a 04 0801 1000'],
  ['repeated bytes', { string_data: [hex('ff'), hex('')] }, '32 01 ff 32 00'],
])('%s is written as the specification has it and read back', (_, message, bytes) => {
  expect(Buffer.from(encodeMessage('TensorProto', message))).toEqual(Buffer.from(hex(bytes)))
  const { raw_data: _raw, ...decoded } = decodeMessage('TensorProto', hex(bytes))
  expect(decoded).toEqual(message)
})

test('packed fields are read unpacked, and in pieces; unpacked ones packed', () => {
  const pieces = decodeMessage('TensorProto', hex('25 0000803f 22 04 000000c0 25 00000000'))
  expect(pieces.float_data).toEqual(Float32Array.of(1, -2, 0))
  expect(decodeMessage('TensorProto', hex('0a 03 03 ac02')).dims).toEqual([3n, 300n])
})

test('an aligned packed field is a view of the file, not a copy', () => {
  const aligned = new Uint8Array(16)
  aligned.set(hex('10 01 22 08 0000803f 000000c0'), 0)
  const decoded = decodeMessage('TensorProto', aligned.subarray(0, 12))
  expect(decoded.float_data?.buffer).toBe(aligned.buffer)
})

test('fields that the schema does not know are kept with their tags', () => {
  const bytes = hex('10 01 a0 06 05 aa 06 01 ff')
  const decoded = decodeMessage('OperatorSetIdProto', bytes)
  expect(decoded.version).toBe(1n)
  expect(decoded.unknown).toHaveLength(7)
  expect(Buffer.from(encodeMessage('OperatorSetIdProto', decoded))).toEqual(Buffer.from(bytes))
})

test('a message that occurs twice is merged', () => {
  const twice = hex('3a 03 12 01 61 3a 03 52 01 62')
  expect(decodeMessage('ModelProto', twice).graph).toEqual({ name: 'a', doc_string: 'b' })
})

test('bytes that are no UTF-8 survive as names', () => {
  const bytes = hex('0a 04 61 ff c3 62')
  const decoded = decodeMessage('ValueInfoProto', bytes)
  expect(decoded.name).toBe('a\uDCFF\uDCC3b')
  expect(Buffer.from(encodeMessage('ValueInfoProto', decoded))).toEqual(Buffer.from(bytes))
})

test.each([
  ['a group', '0b', /wire type 3/u],
  ['field number 0', '00', /field number/u],
  ['an endless varint', '08 ffffffffffffffffffff01', /varint/u],
  ['a varint above 64 bits', '08 ffffffffffffffffff7f', /64 bits/u],
  ['a wrong wire type', '0d 00000000', /wire type/u],
  ['a length beyond the end', '12 ff ff ff ff 7f', /truncated.*34359738367 bytes/u],
  ['half a fixed32', '3a 06 0a 04 2a 02 15 00', /truncated|too early/u],
  ['a packed field of odd length', '3a 07 2a 05 22 03 000000', /no list of float/u],
])('%s is refused as malformed', (_, bytes, message) => {
  expect(() => decodeMessage('ModelProto', hex(bytes))).toThrow(
    expect.objectContaining({ code: 'not_onnx', message: expect.stringMatching(message) }),
  )
})

test('depth and element count are bounded', () => {
  let type: Message<'TypeProto'> = { denotation: 'x' }
  for (let depth = 0; depth < 60; depth += 1) type = { sequence_type: { elem_type: type } }
  const deep = encodeMessage('TypeProto', type)
  expect(() => decodeMessage('TypeProto', deep)).toThrow(
    expect.objectContaining({ code: 'graph_too_deep' }),
  )
  const many = encodeMessage('GraphProto', { node: Array.from({ length: 11 }, () => ({})) })
  expect(() => decodeMessage('GraphProto', many, { depth: 9, elements: 10 })).toThrow(
    expect.objectContaining({ code: 'model_too_complex' }),
  )
})

test('large blobs stay where they are; a range that is not in memory is not read', () => {
  const blob = new Uint8Array(200_000).fill(7)
  const bytes = encodeMessage('GraphProto', {
    initializer: [{ raw_data: bufferRange(blob), name: 'w' }],
    doc_string: 'end',
  })
  let read = 0
  const counting = (start: number, length: number) => ({
    length,
    resident: false,
    bytes: () => {
      read += length
      return bytes.slice(start, start + length)
    },
    slice: (offset: number, size: number) => counting(start + offset, size),
  })
  const decoded = decodeMessage('GraphProto', counting(0, bytes.length))
  expect(decoded.doc_string).toBe('end')
  expect(decoded.initializer?.[0]?.raw_data?.length).toBe(200_000)
  expect(read).toBeLessThan(140_000)
})
