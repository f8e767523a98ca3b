// The algebra of axes: vectors of labels, ties between them, and products. Any set of atoms may be removed afterwards: indices of a
// product go row by row, so what is left is a product again.

import type { AxisLabels } from '../ops/axis-context.ts'
import type { FrozenReason } from './atoms.ts'
import { EMPTY_SET, LabelSets } from './label-sets.ts'

/** One axis: the number of the label of each index. */
export class Labels implements AxisLabels {
  readonly sets: readonly number[]

  constructor(sets: readonly number[]) {
    this.sets = sets
  }

  get size(): number {
    return this.sets.length
  }
}

const SINGLE = new Labels([EMPTY_SET])

export class AxisAlgebra {
  readonly labels = new LabelSets()

  /** An atom of its own for every index; an axis of size 1 has none. */
  fresh(size: number): Labels {
    if (size === 1) return SINGLE
    const { atoms } = this.labels
    const origin = atoms.newOrigin()
    return new Labels(Array.from({ length: size }, () => this.labels.of([atoms.fresh(origin)])))
  }

  /** Indices that stay; one atom holds the reason. */
  frozen(size: number, reason: FrozenReason): Labels {
    if (size === 1) return SINGLE
    const { atoms } = this.labels
    const atom = atoms.fresh(atoms.newOrigin())
    atoms.freeze(atom, reason)
    const set = this.labels.of([atom])
    return new Labels(Array.from({ length: size }, () => set))
  }

  freeze(labels: Labels, reason: FrozenReason): void {
    for (const set of new Set(labels.sets)) this.#freezeAtoms(this.labels.resolve(set), reason)
  }

  #freezeAtoms(atoms: readonly number[], reason: FrozenReason): void {
    for (const atom of atoms) this.labels.atoms.freeze(atom, reason)
  }

  tie(one: Labels, other: Labels, reason: FrozenReason): void {
    if (one.size !== other.size) throw new Error(`axes of ${one.size} and ${other.size} are tied`)
    if (one === other) return
    for (const [index, set] of one.sets.entries()) {
      this.#tieSets(set, other.sets[index] ?? EMPTY_SET, reason)
    }
  }

  #tieSets(one: number, other: number, reason: FrozenReason): void {
    if (one === other) return
    const [left, right] = [this.labels.resolve(one), this.labels.resolve(other)]
    const own = left.filter((atom) => !right.includes(atom))
    const theirs = right.filter((atom) => !left.includes(atom))
    if (own.length === 0) this.#freezeAtoms(theirs, this.reasonOf(one) ?? reason)
    else if (theirs.length === 0) this.#freezeAtoms(own, this.reasonOf(other) ?? reason)
    else this.#tieAtoms(own, theirs)
  }

  /** Why an index with this label stays; `null` when nothing holds it. */
  reasonOf(set: number): FrozenReason | null {
    for (const atom of this.labels.madeOf(set)) {
      const reason = this.labels.atoms.reason(atom)
      if (reason !== null) return reason
    }
    return null
  }

  /** Of two sets without a common atom: one atom becomes the product of the other side, equal counts unite pairwise. */
  #tieAtoms(own: readonly number[], theirs: readonly number[]): void {
    const { atoms } = this.labels
    const [first] = own
    const [second] = theirs
    if (first === undefined || second === undefined) return
    if (own.length === 1) {
      atoms.define(first, theirs)
    } else if (theirs.length === 1) {
      atoms.define(second, own)
    } else if (own.length === theirs.length) {
      // Earlier pairs may have made later ones equal already.
      own.forEach((atom, index) => {
        const [left, right] = [atoms.root(atom), atoms.root(theirs[index] ?? atom)]
        atoms.unite(left, right)
      })
    } else {
      for (const atom of [...own, ...theirs]) atoms.unite(atoms.root(first), atoms.root(atom))
    }
  }

  concat(parts: readonly Labels[]): Labels {
    return new Labels(parts.flatMap(({ sets }) => sets))
  }

  pick(labels: Labels, indices: readonly number[]): Labels {
    return new Labels(indices.map((index) => labels.sets[index] ?? EMPTY_SET))
  }

  merge(factors: readonly Labels[]): Labels {
    return factors.reduce((major, minor) => this.#product(major, minor))
  }

  #product(major: Labels, minor: Labels): Labels {
    const sets: number[] = []
    for (const left of major.sets) {
      for (const right of minor.sets) {
        if (left === EMPTY_SET || right === EMPTY_SET) sets.push(left + right)
        else {
          const joined = [...this.labels.resolve(left)]
          for (const atom of this.labels.resolve(right)) {
            if (!joined.includes(atom)) joined.push(atom)
          }
          sets.push(this.labels.of(joined))
        }
      }
    }
    return new Labels(sets)
  }

  split(labels: Labels, sizes: readonly number[], reason: FrozenReason): Labels[] {
    const [major] = sizes
    if (major === undefined) return []
    if (sizes.length === 1) return [labels]
    const minor = labels.size / major
    if (major === 1) return [SINGLE, ...this.split(labels, sizes.slice(1), reason)]
    if (minor === 1) return [labels, ...sizes.slice(1).map(() => SINGLE)]
    const [rows, columns] = this.#splitInTwo(labels, major, minor, reason)
    return [rows, ...this.split(columns, sizes.slice(1), reason)]
  }

  /** Rows keep the atoms that all their indices share, columns likewise; where that does not tell all, both get new atoms. */
  #splitInTwo(
    labels: Labels,
    major: number,
    minor: number,
    reason: FrozenReason,
  ): readonly [Labels, Labels] {
    if (labels.sets.every((set) => this.labels.resolve(set).length === 0)) {
      const [set = EMPTY_SET] = labels.sets
      return [
        new Labels(Array.from({ length: major }, () => set)),
        new Labels(Array.from({ length: minor }, () => set)),
      ]
    }
    const at = (row: number, column: number) =>
      this.labels.resolve(labels.sets[row * minor + column] ?? EMPTY_SET)
    const rows = Array.from({ length: major }, (_, row) =>
      common(minor, (column) => at(row, column)),
    )
    const columns = Array.from({ length: minor }, (_, column) =>
      common(major, (row) => at(row, column)),
    )
    const everywhere = common(major, (row) => rows[row] ?? [])
    const isProduct = rows.every((row, index) =>
      columns.every((column, offset) => {
        const entry = at(index, offset)
        return entry.every((atom) => row.includes(atom) || column.includes(atom))
      }),
    )
    if (isProduct) {
      return [
        new Labels(
          rows.map((row) => this.labels.of(row.filter((atom) => !everywhere.includes(atom)))),
        ),
        new Labels(columns.map((column) => this.labels.of(column))),
      ]
    }
    const { atoms } = this.labels
    const [rowOrigin, columnOrigin] = [atoms.newOrigin(), atoms.newOrigin()]
    const rowAtoms = rows.map(() => atoms.fresh(rowOrigin))
    const columnAtoms = columns.map(() => atoms.fresh(columnOrigin))
    const extended = (known: readonly number[], atom: number | undefined) =>
      this.labels.of(atom === undefined ? known : [...known, atom])
    const result = [
      new Labels(rows.map((row, index) => extended(row, rowAtoms[index]))),
      new Labels(columns.map((column, index) => extended(column, columnAtoms[index]))),
    ] as const
    const [split, offsets] = result
    this.tie(labels, this.#product(split, offsets), reason)
    return result
  }
}

/** The atoms in all of the sets, in the order of the first. */
function common(count: number, set: (index: number) => readonly number[]): readonly number[] {
  let shared = set(0)
  for (let index = 1; index < count && shared.length > 0; index += 1) {
    const next = set(index)
    if (next !== shared) shared = shared.filter((atom) => next.includes(atom))
  }
  return shared
}
