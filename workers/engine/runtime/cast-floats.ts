// Inputs in the floating-point type that a model asks for: compression to float16 may change it.

import type { DataType } from '#src/onnx/ir/data-type'
import { decodeFloats, encodeFloat16 } from '#src/onnx/float-formats'
import type { RuntimeTensor, RuntimeValueInfo } from './runtime.ts'

type Feeds = Readonly<Record<string, RuntimeTensor>>

const FLOATS: ReadonlySet<DataType | 'none'> = new Set(['float16', 'float32', 'float64'])

/** Numbers of 16, 32 or 64 bits become those that the input of their name declares; everything else is passed on. */
export function castFloats(feeds: Feeds, inputs: readonly RuntimeValueInfo[]): Feeds {
  const declared = new Map(inputs.map(({ name, dtype }) => [name, dtype]))
  const entries = Object.entries(feeds).map(([name, tensor]) => {
    const wanted = declared.get(name) ?? 'none'
    const isSame = wanted === tensor.dtype || !FLOATS.has(wanted) || !FLOATS.has(tensor.dtype)
    return [name, isSame ? tensor : cast(tensor, wanted)] as const
  })
  return Object.fromEntries(entries)
}

function cast({ dtype, dims, data }: RuntimeTensor, wanted: DataType | 'none'): RuntimeTensor {
  const numbers =
    dtype === 'float16' && data instanceof Uint16Array
      ? decodeFloats('float16', data)
      : (data as Float32Array | Float64Array)
  if (wanted === 'float64') return { dtype: 'float64', dims, data: Float64Array.from(numbers) }
  const single = Float32Array.from(numbers)
  if (wanted === 'float32') return { dtype: 'float32', dims, data: single }
  return { dtype: 'float16', dims, data: encodeFloat16(single) }
}
