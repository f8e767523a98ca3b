// Units whose atoms may differ from row to row: positions within a head, channels within a group. Each row may hold them in an order of
// its own where no tensor has them without telling the row, so that layers can lose other positions in every row, as many in each.

import type { Labels } from '../axis-algebra.ts'
import type { AxisTrace } from '../trace-axes.ts'
import type { Unit } from '../units.ts'

export interface BalancedUnit {
  readonly unit: Unit
  /** Every tensor with an atom of the unit tells one atom of each of these: heads, groups. */
  readonly rows: readonly Unit[]
}

/** Orders are moves among atoms that every tensor holds alike: where some are taken apart from others, each part is a unit. */
export function balancedUnits(trace: AxisTrace, units: readonly Unit[]): BalancedUnit[] {
  const search = new RowSearch(trace, units)
  for (const [, axes] of trace.tensors()) search.read(axes)
  return search.found()
}

class RowSearch {
  readonly #trace: AxisTrace
  readonly #units: readonly Unit[]
  readonly #unitOf = new Map<number, number>()
  /** Units that are rows of a unit in all tensors so far; none yet where missing. */
  readonly #rows = new Map<number, Set<number>>()
  /** Where each atom occurs, and how often. */
  readonly #places = new Map<number, string[]>()
  readonly #axes = new Map<Labels, AxisContents>()
  #tensors = 0

  constructor(trace: AxisTrace, units: readonly Unit[]) {
    this.#trace = trace
    this.#units = units
    for (const [index, { atoms }] of units.entries()) {
      for (const atom of atoms) this.#unitOf.set(atom, index)
    }
  }

  read(axes: readonly Labels[]): void {
    this.#tensors += 1
    const contents = axes.map((labels) => this.#contents(labels))
    for (const [axis, { beside, counts }] of contents.entries()) {
      for (const [unit, joined] of beside) {
        const others = contents.filter((_, other) => other !== axis)
        const apart = others.flatMap(({ everywhere }) => [...everywhere])
        // On two axes a unit would tell two rows: keys by values of one head, both along its positions.
        const once = apart.filter((row) => {
          return row !== unit && others.filter((own) => own.beside.has(row)).length === 1
        })
        const here = new Set([...joined, ...once])
        const known = this.#rows.get(unit) ?? here
        this.#rows.set(unit, new Set([...known].filter((row) => here.has(row))))
      }
      for (const [atom, count] of counts) {
        const places = this.#places.get(atom) ?? []
        this.#places.set(atom, places)
        places.push(`${this.#tensors}.${axis}×${count}`)
      }
    }
  }

  #contents(labels: Labels): AxisContents {
    const known = this.#axes.get(labels)
    if (known !== undefined) return known
    const made = contentsOf(this.#trace, this.#unitOf, labels)
    this.#axes.set(labels, made)
    return made
  }

  found(): BalancedUnit[] {
    return this.#units.flatMap((unit, index): BalancedUnit[] => {
      const rows = [...(this.#rows.get(index) ?? [])].flatMap((row) => this.#units[row] ?? [])
      if (!rows.some(({ atoms }) => atoms.length > 1)) return []
      const alike = new Map<string, number[]>()
      for (const atom of unit.atoms) {
        const key = (this.#places.get(atom) ?? []).join()
        alike.set(key, [...(alike.get(key) ?? []), atom])
      }
      return [...alike.values()]
        .filter((atoms) => atoms.length > 1)
        .map((atoms) => ({ unit: { ...unit, atoms }, rows }))
    })
  }
}

interface AxisContents {
  /** By unit: those of which each index with an atom of the unit holds one atom. */
  readonly beside: ReadonlyMap<number, ReadonlySet<number>>
  /** Units of which every index of the axis holds one atom. */
  readonly everywhere: ReadonlySet<number>
  /** Indices with each atom. */
  readonly counts: ReadonlyMap<number, number>
}

function contentsOf(
  { algebra }: AxisTrace,
  unitOf: ReadonlyMap<number, number>,
  labels: Labels,
): AxisContents {
  const beside = new Map<number, Set<number>>()
  const counts = new Map<number, number>()
  let everywhere: Set<number> | null = null
  for (const set of labels.sets) {
    const atoms = algebra.labels.resolve(set)
    const units = atoms.map((atom) => unitOf.get(atom) ?? -1)
    const single = new Set(units.filter((one) => one >= 0 && isOnce(units, one)))
    for (const atom of atoms) counts.set(atom, (counts.get(atom) ?? 0) + 1)
    for (const unit of new Set(units)) {
      if (unit < 0) continue
      const known: Set<number> = beside.get(unit) ?? single
      beside.set(unit, new Set([...known].filter((row) => row !== unit && single.has(row))))
    }
    everywhere = everywhere === null ? single : intersection(everywhere, single)
  }
  return { beside, everywhere: everywhere ?? new Set(), counts }
}

function isOnce(units: readonly number[], one: number): boolean {
  return units.indexOf(one) === units.lastIndexOf(one)
}

function intersection(one: ReadonlySet<number>, other: ReadonlySet<number>): Set<number> {
  return new Set([...one].filter((entry) => other.has(entry)))
}
