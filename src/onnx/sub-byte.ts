// Elements of 4 and 2 bits: several in a byte, the first in the lowest bits (onnx.proto, TensorProto.raw_data).

/** `count` elements, zero-extended to a byte each. */
export function unpackUnsigned(bytes: Uint8Array, count: number, bits: 2 | 4): Uint8Array {
  const perByte = 8 / bits
  const mask = (1 << bits) - 1
  const values = new Uint8Array(count)
  for (let index = 0; index < count; index += 1) {
    const byte = bytes[Math.floor(index / perByte)] ?? 0
    values[index] = (byte >>> ((index % perByte) * bits)) & mask
  }
  return values
}

/** `count` elements in two's complement, sign-extended to a byte each. */
export function unpackSigned(bytes: Uint8Array, count: number, bits: 2 | 4): Int8Array {
  const values = new Int8Array(unpackUnsigned(bytes, count, bits).buffer as ArrayBuffer)
  const shift = 32 - bits
  for (let index = 0; index < count; index += 1) {
    values[index] = ((values[index] ?? 0) << shift) >> shift
  }
  return values
}

/** The lowest bits of each value, packed; the last byte is filled with zeros. */
export function packElements(values: ArrayLike<number>, bits: 2 | 4): Uint8Array<ArrayBuffer> {
  const perByte = 8 / bits
  const mask = (1 << bits) - 1
  const bytes = new Uint8Array(Math.ceil(values.length / perByte))
  for (let index = 0; index < values.length; index += 1) {
    const target = Math.floor(index / perByte)
    const element = ((values[index] ?? 0) & mask) << ((index % perByte) * bits)
    bytes[target] = (bytes[target] ?? 0) | element
  }
  return bytes
}
