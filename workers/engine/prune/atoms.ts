// Atoms: the removable units of a model before they are grouped. A union-find whose classes are free, frozen for a reason, or
// defined as the product of other classes (heads × positions of a head).

export interface FrozenReason {
  /** The node that needs the axis whole. */
  readonly node: string
  readonly reason: string
}

export class Atoms {
  readonly #link: number[] = []
  readonly #origin: number[] = []
  /** What became of a root that is not free any more. */
  readonly #settled = new Map<number, FrozenReason | readonly number[]>()
  #origins = 0

  get count(): number {
    return this.#link.length
  }

  /** A number for the axis that new atoms come from. */
  newOrigin(): number {
    this.#origins += 1
    return this.#origins
  }

  originOf(atom: number): number {
    return this.#origin[atom] ?? 0
  }

  fresh(origin: number): number {
    const atom = this.#link.length
    this.#link.push(atom)
    this.#origin.push(origin)
    return atom
  }

  root(atom: number): number {
    let current = atom
    for (;;) {
      const parent = this.#link[current] ?? current
      if (parent === current) return current
      const above = this.#link[parent] ?? parent
      this.#link[current] = above
      current = above
    }
  }

  isFreeRoot(atom: number): boolean {
    return this.#link[atom] === atom && !this.#settled.has(atom)
  }

  /** Appends the free roots that the atom stands for, those of a product in order; nothing when it is frozen. */
  resolve(atom: number, into: number[]): void {
    const root = this.root(atom)
    const settled = this.#settled.get(root)
    if (settled === undefined) {
      if (!into.includes(root)) into.push(root)
    } else if (isProduct(settled)) {
      for (const part of settled) this.resolve(part, into)
    }
  }

  /** Why the atom may not go: its own reason, or that of a part of it; `null` when it is free. */
  reason(atom: number): FrozenReason | null {
    const settled = this.#settled.get(this.root(atom))
    if (settled === undefined) return null
    if (!isProduct(settled)) return settled
    for (const part of settled) {
      const reason = this.reason(part)
      if (reason !== null) return reason
    }
    return null
  }

  /** Free roots become one. */
  unite(one: number, other: number): void {
    if (one !== other) this.#link[other] = one
  }

  /** A free root becomes the product of other free roots. */
  define(root: number, parts: readonly number[]): void {
    const [only] = parts
    if (only !== undefined && parts.length === 1) this.unite(only, root)
    else this.#settled.set(root, parts)
  }

  freeze(root: number, reason: FrozenReason): void {
    this.#settled.set(root, reason)
  }
}

function isProduct(settled: FrozenReason | readonly number[]): settled is readonly number[] {
  return Array.isArray(settled)
}
