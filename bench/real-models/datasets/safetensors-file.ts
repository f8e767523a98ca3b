// Writes samples as safetensors: 8 bytes of little-endian header length, a JSON header, the arrays' bytes.

import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { LabelledData } from './labelled-data.ts'

const DTYPES: Readonly<Record<string, string>> = { float32: 'F32', int32: 'I32', int64: 'I64' }

export function safetensorsBytes({ inputs, labels }: LabelledData): Uint8Array {
  const header: Record<string, unknown> = {}
  const bodies: Uint8Array[] = []
  let offset = 0
  const arrays: readonly (readonly [string, RuntimeTensor])[] = [
    ...Object.entries(inputs),
    ['labels', labels],
  ]
  for (const [name, { dtype, dims, data }] of arrays) {
    const code = DTYPES[dtype]
    if (code === undefined) throw new Error(`no safetensors code for ${dtype}`)
    const end = offset + data.byteLength
    header[name] = { dtype: code, shape: dims, data_offsets: [offset, end] }
    bodies.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    offset = end
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, ...bodies])
}
