// Which atoms go: the least important ones of each unit, as many as asked, in counts that hardware likes.

import type { UnitScores } from './importance/importance.ts'
import type { Unit } from './units.ts'

export interface Limits {
  /** No axis gets shorter than this. */
  readonly minChannels: number
  /** Axes keep a multiple of this, where they can. */
  readonly channelMultiple: number
}

/** `auto`: the largest multiple that kernels like and that lets enough go. */
export interface WantedLimits extends Omit<Limits, 'channelMultiple'> {
  readonly channelMultiple: number | 'auto'
}

export type Scope =
  | { readonly kind: 'global' }
  | { readonly kind: 'layer' }
  /** Fractions chosen by what the model loses with each unit. */
  | { readonly kind: 'auto' }
  /** Fractions by name of a layer; other units lose the fraction asked for. */
  | { readonly kind: 'per_layer'; readonly fractions: ReadonlyMap<string, number> }

export interface Candidates {
  readonly units: readonly Unit[]
  readonly scores: readonly UnitScores[]
  readonly limits: Limits
  /** Atoms that each unit had before earlier rounds took some: fractions are of these. */
  readonly originally: readonly number[]
  /** What the model saves with an atom of each unit: ranks over the whole model are by importance for it, without it by importance alone. */
  readonly savings?: readonly number[]
  /** Fractions of each unit that go at a level from 0 to 1, for the scope `auto`. */
  readonly allocate?: (level: number) => readonly number[]
}

/** Ranking over the whole model leaves every unit this share. */
const LEAST_SHARE = 0.1

/** How many atoms each unit would keep at this fraction removed, before limits. */
function wantedByFraction(
  { units, scores, originally, savings }: Candidates,
  scope: Scope,
  fraction: number,
  allocate: Candidates['allocate'],
): number[] {
  if (scope.kind === 'auto') {
    const ratios = allocate?.(fraction) ?? []
    return units.map(({ atoms }, index) => atoms.length * (1 - (ratios[index] ?? 0)))
  }
  if (scope.kind !== 'global') {
    return units.map((unit, index) => {
      const named =
        scope.kind === 'layer'
          ? []
          : unit.layers.flatMap((layer) => scope.fractions.get(layer) ?? [])
      const own = named.length > 0 ? Math.max(...named) : fraction
      return (originally[index] ?? unit.atoms.length) * (1 - own)
    })
  }
  const ranked = scores.map(({ relative }, index) => {
    return relative.map((score) => score / (savings?.[index] ?? 1))
  })
  const all = ranked.flatMap((own) => [...own]).sort((one, other) => one - other)
  const total = originally.reduce((sum, size) => sum + size, 0)
  const count = all.length - Math.round(total * (1 - fraction))
  if (count <= 0) return units.map(({ atoms }) => atoms.length)
  const bound = all[count - 1] ?? Number.POSITIVE_INFINITY
  return units.map((unit, index) => {
    const kept = (ranked[index] ?? []).filter((score) => score > bound).length
    return Math.max(kept, (originally[index] ?? unit.atoms.length) * LEAST_SHARE)
  })
}

/** Rounded to the nearest count that the limits allow. */
function allowedCount(
  unit: Unit,
  wanted: number,
  { minChannels, channelMultiple }: Limits,
): number {
  const size = unit.atoms.length
  const step = channelMultiple / greatestDivisor(channelMultiple, unit.span)
  const rounded = Math.floor(wanted / step + 0.5) * step
  const least = Math.max(1, Math.ceil(minChannels / unit.span))
  const floor = Math.ceil(least / step) * step
  return Math.min(size, Math.max(rounded, floor))
}

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other)
}

function leastImportant(unit: Unit, scores: UnitScores | undefined, kept: number): number[] {
  const order = unit.atoms
    .map((atom, index) => ({ atom, score: scores?.relative[index] ?? 1 }))
    .sort((one, other) => one.score - other.score)
  return order.slice(0, unit.atoms.length - kept).map(({ atom }) => atom)
}

function removedAt(candidates: Candidates, wanted: readonly number[]): Set<number> {
  const { units, scores, limits } = candidates
  return new Set(
    units.flatMap((unit, index) => {
      const kept = allowedCount(unit, wanted[index] ?? unit.atoms.length, limits)
      return leastImportant(unit, scores[index], kept)
    }),
  )
}

/** @param fraction of the atoms, of the whole model or of each unit */
export function removedByFraction(
  candidates: Candidates,
  scope: Scope,
  fraction: number,
): Set<number> {
  return removedAt(candidates, wantedByFraction(candidates, scope, fraction, candidates.allocate))
}

/** Atoms whose own importance is below the threshold; units that the measure says nothing about stay. */
export function removedByThreshold(candidates: Candidates, threshold: number): Set<number> {
  const wanted = candidates.units.map(({ atoms }, index) => {
    const absolute = candidates.scores[index]?.absolute ?? 'none'
    return absolute === 'none' ? atoms.length : absolute.filter((own) => own >= threshold).length
  })
  return removedAt(candidates, wanted)
}

const HALVINGS = 16

/** The least fraction at which `share` of what the model has is at most `bound`; the most that can go when none is. */
export function removedByBudget(
  candidates: Candidates,
  scope: Scope,
  bound: number,
  share: (removed: ReadonlySet<number>) => number,
): Set<number> {
  let [low, high] = [0, 1]
  let best = removedByFraction(candidates, scope, 1)
  for (let round = 0; round < HALVINGS; round += 1) {
    const middle = (low + high) / 2
    const removed = removedByFraction(candidates, scope, middle)
    if (share(removed) <= bound) [high, best] = [middle, removed]
    else low = middle
  }
  return best
}
