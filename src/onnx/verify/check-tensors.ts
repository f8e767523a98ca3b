// Constants: as many bytes as type and dimensions say, and all of them here.

import { DATA_TYPES, byteLength } from '../ir/data-type.ts'
import type { Graph } from '../ir/graph.ts'
import type { Model } from '../ir/model.ts'
import type { Tensor } from '../ir/tensor.ts'
import { OnnxError } from '../onnx-error.ts'
import { graphScopes } from './scopes.ts'

export interface NamedTensor {
  /** The initializer's name, or the output of the node that has it as an attribute. */
  readonly name: string
  readonly tensor: Tensor
}

export function* checkTensors(model: Model): IterableIterator<OnnxError> {
  for (const { graph } of graphScopes(model)) {
    for (const { name, tensor } of tensorsOf(graph)) yield* checkTensor(name, tensor)
  }
}

/** Constants of one graph: initializers, parts of sparse ones, tensor attributes of its nodes. */
export function* tensorsOf(graph: Graph): IterableIterator<NamedTensor> {
  for (const [name, { initializer }] of graph.initializers) {
    if (initializer?.kind === 'tensor') yield { name, tensor: initializer }
    if (initializer?.kind === 'sparse_tensor') {
      yield { name, tensor: initializer.values }
      yield { name: `${name} (indices)`, tensor: initializer.indices }
    }
  }
  for (const node of graph.nodes()) {
    const name = node.output(0)?.name ?? node.name
    for (const attribute of node.attributes.values()) {
      if (attribute.type === 'tensor') yield { name, tensor: attribute.value }
      if (attribute.type === 'tensors') {
        for (const tensor of attribute.value) yield { name, tensor }
      }
      if (attribute.type === 'sparse_tensor') yield { name, tensor: attribute.value.values }
    }
  }
}

function* checkTensor(name: string, tensor: Tensor): IterableIterator<OnnxError> {
  const negative = tensor.dims.find((dim) => dim < 0)
  if (negative !== undefined) {
    yield invalid(name, `has the negative dimension ${negative}`)
    return
  }
  const count = tensor.dims.reduce((product, dim) => product * BigInt(dim), 1n)
  if (count > BigInt(Number.MAX_SAFE_INTEGER)) {
    yield invalid(name, `has the dimensions [${tensor.dims.join(', ')}], too many to count`)
    return
  }
  const { storage } = tensor
  if (storage.kind === 'external' && storage.range === 'none') {
    const location = new Map(storage.entries).get('location') ?? ''
    yield new OnnxError(
      'external_data_missing',
      `the data of '${name}' lies in the file '${location}'; upload it together with the model`,
      { tensor: name, location },
    )
    return
  }
  const given = storedSize(tensor)
  const needed = neededSize(tensor, Number(count))
  if (given === needed) return
  const shape = `${tensor.dtype} [${tensor.dims.join(', ')}]`
  yield invalid(name, `is ${shape}, which takes ${needed} ${unit(tensor)}, and has ${given}`)
}

function unit(tensor: Tensor): string {
  return tensor.storage.kind === 'raw' || tensor.storage.kind === 'external' ? 'bytes' : 'elements'
}

function storedSize({ storage }: Tensor): number {
  switch (storage.kind) {
    case 'raw':
      return storage.range.length
    case 'external':
      return storage.range === 'none' ? 0 : storage.range.length
    case 'none':
      return 0
    default:
      return storage.values.length
  }
}

function neededSize({ dtype, storage }: Tensor, count: number): number {
  const { bits, family } = DATA_TYPES[dtype]
  const bytes = byteLength(dtype, count)
  if (storage.kind === 'raw' || storage.kind === 'external') return bytes === 'none' ? 0 : bytes
  if (family === 'complex') return count * 2
  // Packed types have one entry for each byte.
  return bits !== 'none' && bits < 8 && bytes !== 'none' ? bytes : count
}

function invalid(tensor: string, fault: string): OnnxError {
  return new OnnxError('invalid_initializer', `tensor '${tensor}' ${fault}`, { tensor })
}
