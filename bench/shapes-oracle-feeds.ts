// Inputs to run a model on: those of its test data, else numbers drawn from a fixed seed.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import type { Tensor } from '#src/onnx/ir/tensor'
import { decodeMessage } from '#src/onnx/proto/decode-message'
import { readTensor } from '#src/onnx/read/read-tensor'
import { tensorBytes } from '#src/onnx/tensor-values'
import { makeFeed } from '#test/engine/shapes-oracle-feeds'
import type { Feed } from '#test/engine/shapes-oracle-session'

/** Feeds for every input that is not an initializer; `none` when one cannot be made. */
export function makeFeeds(
  path: string,
  model: Model,
  sizes: readonly number[],
): readonly Feed[] | 'none' {
  const feeds: Feed[] = []
  const symbols = new Map<string, number>()
  const folder = join(dirname(path), 'test_data_set_0')
  for (const [index, value] of model.graph.inputs.entries()) {
    if (value.initializer !== null) continue
    const stored = join(folder, `input_${index}.pb`)
    const feed = existsSync(stored) ? readFeed(stored, value.name) : makeFeed(value, symbols, sizes)
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
