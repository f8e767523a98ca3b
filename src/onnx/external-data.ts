// Tensors whose bytes lie in a file beside the model: `TensorProto.external_data`.

import type { ByteRange } from './ir/byte-range.ts'
import type { Graph } from './ir/graph.ts'
import type { Model } from './ir/model.ts'
import type { Tensor, TensorStorage } from './ir/tensor.ts'
import { OnnxError } from './onnx-error.ts'

/** Gives the bytes of a file of external data by its location, or `null` when there is no such file. */
export type ExternalDataResolver = (location: string) => ByteRange | null

export type ExternalStorage = Extract<TensorStorage, { kind: 'external' }>

const LARGEST_OFFSET = 2 ** 53 - 1

/** Why a location must not be opened, or `null` when it is a plain relative path below the model's folder. */
export function locationFault(location: string): string | null {
  if (location === '') return 'it is empty'
  if (location.startsWith('/') || /^[a-z]:/iu.test(location)) return 'it is absolute'
  if (location.includes('\\')) return 'it holds a backslash'
  if (location.includes('*')) return "it is a runtime's marker for memory, not a file"
  if ([...location].some((character) => character < ' ')) return 'it holds a control character'
  if (location.split('/').includes('..')) return 'it leaves the folder of the model'
  return null
}

/**
 * Finds the bytes of an external tensor.
 * @param expected bytes by type and dimensions
 * @throws OnnxError external_data_forbidden (location, or a negative offset or length), invalid_initializer (beyond the file, wrong length)
 */
export function resolveExternal(
  entries: readonly (readonly [string, string])[],
  tensor: string,
  expected: number,
  resolve: ExternalDataResolver | undefined,
): ExternalStorage {
  const location = entryOf(entries, 'location') ?? ''
  const fault = locationFault(location)
  if (fault !== null) {
    throw new OnnxError(
      'external_data_forbidden',
      `tensor '${tensor}' refers to the external file '${location}': ${fault}`,
      { tensor, location },
    )
  }
  const offset = wholeNumber(entries, 'offset', tensor) ?? 0
  const length = wholeNumber(entries, 'length', tensor) ?? expected
  const file = resolve?.(location) ?? null
  if (file === null) return { kind: 'external', entries, range: 'none' }
  if (offset + length > file.length) {
    throw new OnnxError(
      'invalid_initializer',
      `tensor '${tensor}' lies at ${offset} to ${offset + length} of '${location}', which has ${file.length} bytes`,
      { tensor, location },
    )
  }
  if (length !== expected) {
    throw new OnnxError(
      'invalid_initializer',
      `tensor '${tensor}' needs ${expected} bytes and has ${length} in '${location}'`,
      { tensor, location },
    )
  }
  return { kind: 'external', entries, range: file.slice(offset, length) }
}

function entryOf(entries: readonly (readonly [string, string])[], key: string): string | undefined {
  return entries.find(([name]) => name === key)?.[1]
}

function wholeNumber(
  entries: readonly (readonly [string, string])[],
  key: 'offset' | 'length',
  tensor: string,
): number | undefined {
  const text = entryOf(entries, key)
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/u.test(text) ? Number(text) : Number.NaN
  if (value <= LARGEST_OFFSET) return value
  throw new OnnxError(
    'external_data_forbidden',
    `tensor '${tensor}' has the external ${key} '${text}'; it must be a whole number of bytes from 0`,
    { tensor },
  )
}

/** The locations that the model's tensors refer to, in the order of their first use. */
export function externalLocations(model: Model): string[] {
  const locations = new Set<string>()
  for (const tensor of storedTensors(model)) {
    if (tensor.storage.kind !== 'external') continue
    locations.add(entryOf(tensor.storage.entries, 'location') ?? '')
  }
  return [...locations]
}

/** Every tensor that the model stores: initializers, dense and sparse, and attributes, of all graphs and functions. */
export function* storedTensors(model: Model): IterableIterator<Tensor> {
  yield* graphTensors(model.graph)
  for (const { body } of model.functions) yield* graphTensors(body)
}

function* graphTensors(graph: Graph): IterableIterator<Tensor> {
  for (const { initializer } of graph.initializers.values()) {
    if (initializer?.kind === 'tensor') yield initializer
    else if (initializer !== null) yield* [initializer.values, initializer.indices]
  }
  for (const node of graph.nodes()) {
    for (const attribute of node.attributes.values()) {
      if (attribute.type === 'tensor') yield attribute.value
      else if (attribute.type === 'tensors') yield* attribute.value
      else if (attribute.type === 'sparse_tensor') {
        yield* [attribute.value.values, attribute.value.indices]
      } else if (attribute.type === 'sparse_tensors') {
        for (const sparse of attribute.value) yield* [sparse.values, sparse.indices]
      }
    }
    for (const subgraph of node.subgraphs()) yield* graphTensors(subgraph)
  }
}
