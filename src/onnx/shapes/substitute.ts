// Replaces symbols inside sizes and evaluates them.

import type { Atom, Size } from './expression.ts'
import type { MaybeSize } from './symbols.ts'
import { add, floorDivide, maximum, minimum, multiply } from './symbols.ts'
import { floorAtom, sumOfTerms } from './expression.ts'

/** What a symbol (by its key) becomes; `undefined` leaves it as it is. */
export type Substitution = (key: string) => Size | undefined

/** The size with symbols replaced, in canonical form again; `null` when it no longer fits in 2^53. */
export function substitute(size: Size, replacement: Substitution): MaybeSize {
  if (typeof size === 'number') return size
  let result: MaybeSize = 0
  for (const term of size.terms) {
    let product: MaybeSize = term.coefficient
    for (const atom of term.atoms) product = multiply(product, substituteAtom(atom, replacement))
    result = add(result, product)
  }
  return result
}

function substituteAtom(atom: Atom, replacement: Substitution): MaybeSize {
  if (atom.kind === 'symbol') {
    return replacement(atom.key) ?? sumOfTerms([{ coefficient: 1, atoms: [atom], key: atom.key }])
  }
  if (atom.kind === 'floor') {
    const numerator = substitute(atom.numerator, replacement)
    const denominator = substitute(atom.denominator, replacement)
    if (numerator === null || denominator === null) return null
    const divided = floorDivide(numerator, denominator)
    if (divided !== null || typeof numerator === 'number') return divided
    return denominator === 0 ? null : floorAtom(numerator, denominator)
  }
  const left = substitute(atom.left, replacement)
  const right = substitute(atom.right, replacement)
  return atom.kind === 'max' ? maximum(left, right) : minimum(left, right)
}
