// A dataset file in a few lines: safetensors is a JSON header and the arrays' bytes.

export interface NamedArray {
  readonly dtype: 'F32' | 'I64'
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export function writeSafetensors(arrays: Readonly<Record<string, NamedArray>>): Uint8Array {
  const header: Record<string, unknown> = {}
  const bodies: Uint8Array[] = []
  let offset = 0
  for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] }
    bodies.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    offset += data.byteLength
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, ...bodies])
}
