// Samples of a batch mixed in pairs (Zhang et al. 2018): x ← λ·x + (1 − λ)·x', and the loss of both labels in the same shares.

import type { RuntimeTensor } from '../runtime/runtime.ts'
import type { LossTerm } from './losses/loss-term.ts'
import { derivedSeed, uniform } from './sample-order.ts'

type Fields = Readonly<Record<string, RuntimeTensor>>

/** λ ~ Beta(α, α): mostly near 0 or 1. */
const ALPHA = 0.2
const SEED = 0x6d_69_78
const SHARE = 'mixup/share'

/** Labels are compared with both of a pair; numbers and what a teacher says belong to the mixed sample itself. */
export function mixedTerms(terms: readonly LossTerm[]): LossTerm[] {
  return terms.map((term) =>
    term.kind === 'cross_entropy'
      ? { ...term, kind: 'mixed_cross_entropy', partner: partnerOf(term.target), share: SHARE }
      : term,
  )
}

function partnerOf(target: string): string {
  return `mixup/${target}`
}

/** Every field of float32 is mixed; for each other one a field is added that holds the partners' rows. */
export function mixup(fields: Fields, seed: number, step: number): Fields {
  const next = uniform(derivedSeed(seed ^ SEED, step))
  const share = beta(next)
  const count = Object.values(fields)[0]?.dims[0] ?? 0
  const partners = shuffled(count, next)
  const mixed: Record<string, RuntimeTensor> = {
    [SHARE]: { dtype: 'float32', dims: [], data: Float32Array.of(share) },
  }
  for (const [name, tensor] of Object.entries(fields)) {
    const moved = rowsOf(tensor, partners)
    if (tensor.dtype === 'float32') {
      const [own, other] = [tensor.data as Float32Array, moved.data as Float32Array]
      const data = own.map((value, index) => share * value + (1 - share) * (other[index] ?? 0))
      mixed[name] = { ...tensor, data }
    } else {
      mixed[name] = tensor
      mixed[partnerOf(name)] = moved
    }
  }
  return mixed
}

/** Jöhnk 1964: a ÷ (a + b) with a = u^(1 ÷ α), b alike, where a + b ≤ 1. */
function beta(next: () => number): number {
  for (;;) {
    const [one, other] = [next() ** (1 / ALPHA), next() ** (1 / ALPHA)]
    const sum = one + other
    if (sum > 0 && sum <= 1) return one / sum
  }
}

function shuffled(count: number, next: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let index = count - 1; index > 0; index -= 1) {
    const other = Math.floor(next() * (index + 1))
    const kept = order[index] ?? 0
    order[index] = order[other] ?? 0
    order[other] = kept
  }
  return order
}

function rowsOf(tensor: RuntimeTensor, rows: readonly number[]): RuntimeTensor {
  const width = tensor.data.length / Math.max(1, rows.length)
  const data = tensor.data.slice()
  rows.forEach((row, index) => {
    const part = tensor.data.subarray(row * width, (row + 1) * width)
    ;(data as Float32Array).set(part as Float32Array, index * width)
  })
  return { ...tensor, data }
}
