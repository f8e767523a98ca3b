// Labels of indices: sets of atoms, each kept once under a number. An index goes when any of its atoms goes; the empty set stays.

import { Atoms } from './atoms.ts'

export const EMPTY_SET = 0

export class LabelSets {
  readonly atoms = new Atoms()
  /** Each in order from the major factor to the minor one. */
  readonly #sets: (readonly number[])[] = [[]]
  readonly #first: (readonly number[])[] = [[]]
  readonly #numbers = new Map<string, number>([['', EMPTY_SET]])
  readonly #singles: number[] = []

  /** The number of the set that holds these atoms. */
  of(atoms: readonly number[]): number {
    const [only] = atoms
    if (only === undefined) return EMPTY_SET
    if (atoms.length === 1) return (this.#singles[only] ??= this.#add(atoms))
    const key = atoms.join()
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#add(atoms)
    this.#numbers.set(key, number)
    return number
  }

  #add(atoms: readonly number[]): number {
    this.#sets.push(atoms)
    this.#first.push(atoms)
    return this.#sets.length - 1
  }

  /** The free atoms of a set as they are by now. */
  resolve(number: number): readonly number[] {
    const set = this.#sets[number] ?? []
    if (set.every((atom) => this.atoms.isFreeRoot(atom))) return set
    const resolved: number[] = []
    for (const atom of set) this.atoms.resolve(atom, resolved)
    this.#sets[number] = resolved
    return resolved
  }

  /** The atoms that the set was made of, frozen ones included. */
  madeOf(number: number): readonly number[] {
    return this.#first[number] ?? []
  }
}
