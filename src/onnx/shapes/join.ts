// What holds of a value that is one of two: the branches of If, the rounds of Loop and Scan, the items of a sequence.

import type { Size } from './expression.ts'
import { freshSymbol, keyOf, serialOf } from './expression.ts'
import { sameElement } from './element-arithmetic.ts'
import { isRatio } from './element.ts'
import type { Element } from './element.ts'
import type { Fact, TensorFact } from './fact.ts'
import { container, isTensorFact, tensor } from './fact.ts'
import { isExpression } from './symbols.ts'

/** Sizes and elements that differ become unknown. */
export function join(a: Fact | null, b: Fact | null): Fact | null {
  if (a === b) return a
  if (a === null || b === null || a.kind !== b.kind) return null
  if (isTensorFact(a)) return isTensorFact(b) ? joinTensors(a, b) : null
  if (a.kind === 'other' || b.kind === 'other') return a
  if (isTensorFact(b)) return null
  const items =
    a.items !== null && a.items.length === b.items?.length
      ? a.items.map((item, index) => join(item, b.items?.[index] ?? null))
      : null
  return container(a.kind, joinElements(a.element, b.element), items)
}

/** The element fact of an empty sequence is unknown in all but its type: the other one decides. */
function joinElements(a: Fact | null, b: Fact | null): Fact | null {
  return a === null || b === null ? (a ?? b) : join(a, b)
}

function joinTensors(a: TensorFact, b: TensorFact): TensorFact {
  const dtype = a.dtype === b.dtype ? a.dtype : 'none'
  const left = a.shape
  const right = b.shape
  if (left === null || right === null || left.length !== right.length) return tensor(dtype, null)
  const shape = left.map((dim, axis) => joinSizes(dim, right[axis]))
  const elements = joinData(a, b)
  return { ...tensor(dtype, shape, elements), kind: a.kind }
}

function joinSizes(a: Size, b: Size | undefined): Size {
  return b !== undefined && keyOf(a) === keyOf(b) ? a : freshSymbol()
}

function joinData(a: TensorFact, b: TensorFact): Element[] | null {
  const left = a.data
  const right = b.data
  if (left === null || right === null || left.elements.length !== right.elements.length) return null
  return left.elements.map((element, index) => {
    const other = right.elements[index] ?? null
    return sameElement(element, other) ? element : null
  })
}

export function sameFact(a: Fact | null, b: Fact | null): boolean {
  if (a === b) return true
  if (a === null || b === null || a.kind !== b.kind) return false
  if (!isTensorFact(a) || !isTensorFact(b)) return false
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false
  const left = a.data?.elements ?? []
  const right = b.data?.elements ?? []
  return (
    left.length === right.length &&
    left.every((element, index) => {
      const other = right[index] ?? null
      return element === other || sameElement(element, other)
    })
  )
}

function sameShape(a: readonly Size[] | null, b: readonly Size[] | null): boolean {
  if (a === null || b === null) return a === b
  return a.length === b.length && a.every((dim, axis) => keyOf(dim) === keyOf(b[axis] ?? -1))
}

/** Unnamed symbols above `serial`, made inside a body that runs many times, mean nothing outside: each becomes unknown. */
export function escape(fact: Fact | null, serial: number): Fact | null {
  if (fact === null || fact.kind === 'other') return fact
  if (!isTensorFact(fact)) {
    const items = fact.items?.map((item) => escape(item, serial)) ?? null
    return container(fact.kind, escape(fact.element, serial), items)
  }
  const inner = (size: Size) => serialOf(size) > serial
  const elements = fact.data?.elements.map((element) => {
    if (isRatio(element)) return inner(element.numerator) ? null : element
    return isExpression(element) && inner(element) ? null : element
  })
  const shape = fact.shape?.map((dim) => (inner(dim) ? null : dim)) ?? null
  return { ...tensor(fact.dtype, shape, elements ?? null), kind: fact.kind }
}
