// Inputs to run a model on: those of its test data, else numbers drawn from a fixed seed.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { DataType } from '#src/onnx/ir/data-type'
import { byteLength } from '#src/onnx/ir/data-type'
import type { Model } from '#src/onnx/ir/model'
import { tensorSize } from '#src/onnx/ir/tensor'
import type { Tensor } from '#src/onnx/ir/tensor'
import type { Value } from '#src/onnx/ir/value'
import { decodeMessage } from '#src/onnx/proto/decode-message'
import { readTensor } from '#src/onnx/read/read-tensor'
import { tensorBytes } from '#src/onnx/tensor-values'
import type { Feed } from '#test/engine/shapes-oracle-session'

/** Sizes for symbols by position: distinct, so that mixed-up axes show. */
const SIZES = [2, 3, 64, 96]

/** Feeds for every input that is not an initializer; `none` when one cannot be made. */
export function makeFeeds(path: string, model: Model): readonly Feed[] | 'none' {
  const feeds: Feed[] = []
  const symbols = new Map<string, number>()
  const folder = join(dirname(path), 'test_data_set_0')
  for (const [index, value] of model.graph.inputs.entries()) {
    if (value.initializer !== null) continue
    const stored = join(folder, `input_${index}.pb`)
    const feed = existsSync(stored) ? readFeed(stored, value.name) : madeUp(value, symbols)
    if (feed === null) return 'none'
    feeds.push(feed)
  }
  return feeds
}

function readFeed(path: string, name: string): Feed | null {
  try {
    const message = decodeMessage('TensorProto', bufferRange(readFileSync(path)))
    const tensor: Tensor = readTensor(message, undefined)
    const data = Buffer.from(tensorBytes(tensor)).toString('base64')
    return { name, type: tensor.dtype, dims: tensor.dims, data }
  } catch {
    return null
  }
}

function madeUp(value: Value, symbols: Map<string, number>): Feed | null {
  const { type } = value
  if (type?.kind !== 'tensor' || type.dtype === 'none' || type.shape === null) return null
  const dims = type.shape.map((dim, axis) => {
    if (typeof dim === 'number') return dim
    const size = SIZES[axis] ?? 4
    if (dim === null) return size
    const known = symbols.get(dim) ?? size
    symbols.set(dim, known)
    return known
  })
  const length = byteLength(type.dtype, tensorSize({ dims }))
  if (length === 'none') return null
  return { name: value.name, type: type.dtype, dims, data: numbers(type.dtype, length) }
}

/** Floats in [0, 1) from a linear congruential generator (seed 1); zeros for other types. */
function numbers(dtype: DataType, length: number): string {
  const bytes = Buffer.alloc(length)
  if (dtype === 'float32') {
    let state = 1
    for (let at = 0; at < length; at += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      bytes.writeFloatLE(state / 2 ** 32, at)
    }
  }
  return bytes.toString('base64')
}
