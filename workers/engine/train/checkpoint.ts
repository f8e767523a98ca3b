// Where training stands after a step: enough to go on as if it had never stopped.

import type { EpochReport, StepReport, TrainReport } from './train-report.ts'

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
  readonly teacher: TrainReport['teacher']
  /** How often training went on from a checkpoint until here. */
  readonly resumed: number
}

/** Which training a checkpoint belongs to. */
export interface CheckpointLabel {
  /** TRAINING_REVISION of who wrote it. */
  readonly revision: number
  /** Equal for trainings that do the same at every step. */
  readonly fingerprint: string
  /** Of this checkpoint alone: no two are equal, so whoever drops one drops no other's bytes. */
  readonly id: string
}

/** Whoever changes what a step of training computes, or how a checkpoint is written, raises it: older ones are refused. */
export const TRAINING_REVISION = 4

const SETS = ['state', 'average', 'best'] as const
const LENGTH_BYTES = 8
/** The elements start at a multiple of it. */
const ALIGNMENT = 8

interface Header {
  readonly label: CheckpointLabel
  readonly tensors: readonly {
    readonly set: string
    readonly name: string
    readonly length: number
  }[]
  readonly rest: Omit<Checkpoint, (typeof SETS)[number]>
}

/** Length of the header, the header as JSON, the elements in its order; in parts, for nothing is copied. */
export function checkpointParts(checkpoint: Checkpoint, label: CheckpointLabel): Uint8Array[] {
  const { state, average, best, ...rest } = checkpoint
  const all = SETS.flatMap((set) =>
    [...{ state, average, best }[set]].map(([name, elements]) => ({ set, name, elements })),
  )
  const header: Header = {
    label,
    tensors: all.map(({ set, name, elements }) => ({ set, name, length: elements.length })),
    rest,
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const padding = (ALIGNMENT - ((LENGTH_BYTES + text.length) % ALIGNMENT)) % ALIGNMENT
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setFloat64(0, text.length + padding, true)
  return [
    length,
    text,
    new Uint8Array(padding).fill(' '.charCodeAt(0)),
    ...all.map(
      ({ elements }) => new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength),
    ),
  ]
}

/**
 * The elements stay where they lie in `bytes`.
 * @throws RangeError for bytes that are no checkpoint, or not all of one
 */
export function decodeCheckpoint(bytes: Uint8Array<ArrayBuffer>): {
  readonly label: CheckpointLabel
  readonly checkpoint: Checkpoint
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = bytes.length < LENGTH_BYTES ? Number.NaN : view.getFloat64(0, true)
  if (!(length > 0 && LENGTH_BYTES + length <= bytes.length)) throw new RangeError('no checkpoint')
  const { label, tensors, rest } = headerOf(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length))
  const sets = new Map(SETS.map((set) => [set as string, new Map<string, Float32Array>()]))
  let offset = bytes.byteOffset + LENGTH_BYTES + length
  for (const tensor of tensors) {
    const end = offset + tensor.length * Float32Array.BYTES_PER_ELEMENT
    if (end > bytes.byteOffset + bytes.length) throw new RangeError('the checkpoint is cut off')
    const elements = new Float32Array(bytes.buffer, offset, tensor.length)
    sets.get(tensor.set)?.set(tensor.name, elements)
    offset = end
  }
  const of = (set: string): Tensors => sets.get(set) ?? new Map()
  const tensorsOf = { state: of('state'), average: of('average'), best: of('best') }
  return { label, checkpoint: { ...rest, ...tensorsOf } }
}

function headerOf(bytes: Uint8Array): Header {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Header
  } catch {
    throw new RangeError('no checkpoint')
  }
}
