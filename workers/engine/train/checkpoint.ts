// Where training stands after a step: enough to go on as if it had never stopped.

import type { EpochReport, StepReport } from './train-report.ts'

export type Tensors = ReadonlyMap<string, Float32Array>

export interface Checkpoint {
  /** Steps done. Orders and rates follow from it and the seed. */
  readonly step: number
  /** Weights, statistics, and what the optimizer keeps, by input of the step graph. */
  readonly state: Tensors
  /** The mean of the weights; empty without one. */
  readonly average: Tensors
  /** The weights of the best epoch so far; empty without one. */
  readonly best: Tensors
  readonly epochs: readonly EpochReport[]
  readonly curve: readonly StepReport[]
  /** Losses of the epoch that is not over. */
  readonly lossSum: number
}

const SETS = ['state', 'average', 'best'] as const
const FORMAT = 1
const HEADER_BYTES = 8

interface Header {
  readonly format: number
  readonly tensors: readonly {
    readonly set: string
    readonly name: string
    readonly length: number
  }[]
  readonly rest: Pick<Checkpoint, 'step' | 'epochs' | 'curve' | 'lossSum'>
}

/** Length of the header, the header as JSON, the elements in its order. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { step, epochs, curve, lossSum } = checkpoint
  const all = SETS.flatMap((set) =>
    [...checkpoint[set]].map(([name, elements]) => ({ set, name, elements })),
  )
  const header: Header = {
    format: FORMAT,
    tensors: all.map(({ set, name, elements }) => ({ set, name, length: elements.length })),
    rest: { step, epochs, curve, lossSum },
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const total = all.reduce((sum, { elements }) => sum + elements.byteLength, 0)
  const bytes = new Uint8Array(HEADER_BYTES + text.length + total)
  new DataView(bytes.buffer).setFloat64(0, text.length, true)
  bytes.set(text, HEADER_BYTES)
  let offset = HEADER_BYTES + text.length
  for (const { elements } of all) {
    bytes.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), offset)
    offset += elements.byteLength
  }
  return bytes
}

/** @throws RangeError for bytes that are no checkpoint of this version, or not all of one */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = bytes.length < HEADER_BYTES ? Number.NaN : view.getFloat64(0, true)
  if (!(length > 0 && HEADER_BYTES + length <= bytes.length)) throw new RangeError('no checkpoint')
  const text = new TextDecoder().decode(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length))
  const { format, tensors, rest } = JSON.parse(text) as Header
  if (format !== FORMAT) throw new RangeError(`a checkpoint of format ${format}`)
  const sets = new Map(SETS.map((set) => [set as string, new Map<string, Float32Array>()]))
  let offset = HEADER_BYTES + length
  for (const tensor of tensors) {
    const end = offset + tensor.length * Float32Array.BYTES_PER_ELEMENT
    if (end > bytes.length) throw new RangeError('the checkpoint is cut off')
    sets.get(tensor.set)?.set(tensor.name, new Float32Array(bytes.slice(offset, end).buffer))
    offset = end
  }
  const of = (set: string): Tensors => sets.get(set) ?? new Map()
  return { ...rest, state: of('state'), average: of('average'), best: of('best') }
}
