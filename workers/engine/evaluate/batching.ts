// How many samples go into one run: as many as the model leaves open, within bounds; what a fixed batch demands otherwise.

import type { RuntimeSession } from '../runtime/runtime.ts'

const MAX_BATCH = 64
const MAX_BATCH_BYTES = 4 * 1024 * 1024

/** `size` samples per run. `isFixed`: the model takes no fewer, so a short last batch is filled up. */
export interface Batching {
  readonly size: number
  readonly isFixed: boolean
}

/** @param sampleBytes of all inputs of one sample */
export function batchingOf(
  session: Pick<RuntimeSession, 'inputs' | 'outputs'>,
  sampleBytes: number,
): Batching {
  const first = session.inputs.map(({ shape }) => shape?.[0] ?? null)
  const sizes = first.filter((dim) => typeof dim === 'number')
  const [fixed] = sizes
  if (fixed !== undefined && fixed > 0) return { size: fixed, isFixed: true }
  // One symbol for the batch of every input and output, or the sizes may mean something else.
  const symbols = [...session.inputs, ...session.outputs].map(({ shape }) => shape?.[0] ?? null)
  const isBatch = symbols.every((dim) => typeof dim === 'string' && dim === symbols[0])
  if (!isBatch) return { size: 1, isFixed: false }
  const fitting = Math.floor(MAX_BATCH_BYTES / Math.max(1, sampleBytes))
  return { size: Math.max(1, Math.min(MAX_BATCH, fitting)), isFixed: false }
}
