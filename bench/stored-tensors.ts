// Inputs and outputs that a test of the ONNX backend suite stores beside its model: input_0.pb, output_0.pb, …, each a TensorProto.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { decodeMessage } from '#src/onnx/proto/decode-message'
import { readTensor } from '#src/onnx/read/read-tensor'
import { elements } from '#src/onnx/tensor-values'

type Tensors = Record<string, RuntimeTensor>

/** `null` when one is missing or no tensor of numbers. */
export function storedTensors(
  folder: string,
  model: Model,
): { feeds: Tensors; outputs: Tensors } | null {
  const inputs = model.graph.inputs.filter((value) => value.initializer === null)
  const feeds = readAll(folder, 'input', inputs)
  const outputs = readAll(folder, 'output', model.graph.outputs)
  return feeds === null || outputs === null ? null : { feeds, outputs }
}

function readAll(
  folder: string,
  kind: 'input' | 'output',
  values: readonly { readonly name: string }[],
): Tensors | null {
  const tensors: Tensors = {}
  for (const [index, { name }] of values.entries()) {
    const path = join(folder, `${kind}_${index}.pb`)
    if (!existsSync(path)) return null
    try {
      const tensor = readTensor(decodeMessage('TensorProto', readFileSync(path)), undefined)
      const data = elements(tensor)
      tensors[name] = { dtype: tensor.dtype, dims: tensor.dims, data }
    } catch {
      return null
    }
  }
  return tensors
}
