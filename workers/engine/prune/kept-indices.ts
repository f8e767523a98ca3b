// Which indices of an axis are left once some atoms are removed.

import type { AxisAlgebra, Labels } from './axis-algebra.ts'

export class KeptIndices {
  readonly #algebra: AxisAlgebra
  readonly #removed: ReadonlySet<number>
  readonly #bySet = new Map<number, boolean>()
  readonly #byAxis = new Map<Labels, readonly number[]>()

  /** @param removed free roots */
  constructor(algebra: AxisAlgebra, removed: ReadonlySet<number>) {
    this.#algebra = algebra
    this.#removed = removed
  }

  isKept(set: number): boolean {
    const known = this.#bySet.get(set)
    if (known !== undefined) return known
    const isKept = this.#algebra.labels.resolve(set).every((atom) => !this.#removed.has(atom))
    this.#bySet.set(set, isKept)
    return isKept
  }

  /** Positions, as they were before anything was removed. */
  of(labels: Labels): readonly number[] {
    const known = this.#byAxis.get(labels)
    if (known !== undefined) return known
    const kept: number[] = []
    for (const [index, set] of labels.sets.entries()) if (this.isKept(set)) kept.push(index)
    this.#byAxis.set(labels, kept)
    return kept
  }

  count(labels: Labels): number {
    return this.of(labels).length
  }

  isWhole(labels: Labels): boolean {
    return this.count(labels) === labels.size
  }

  /** Where each position is after the removal; those gone are missing. */
  places(labels: Labels): ReadonlyMap<number, number> {
    return new Map(this.of(labels).map((position, place) => [position, place]))
  }
}
