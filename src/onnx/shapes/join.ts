// What holds of a value that is one of two: the branches of If, the rounds of Loop and Scan, the items of a sequence.

import type { Size } from './expression.ts'
import { freshSymbol, keyOf, serialOf } from './expression.ts'
import { sameElement } from './element-arithmetic.ts'
import { isRatio } from './element.ts'
import type { Element } from './element.ts'
import type { ContainerFact, Fact, TensorFact } from './fact.ts'
import { container, isContainer, isTensorFact, tensor } from './fact.ts'
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
  return container(a.kind, joinElements(a, b), items)
}

/** What holds for the elements of an empty sequence holds for none: the other one decides. */
export function joinElements(
  a: ContainerFact,
  b: ContainerFact,
  combine: (a: Fact | null, b: Fact | null) => Fact | null = join,
): Fact | null {
  if (a.items?.length === 0) return b.element
  return b.items?.length === 0 ? a.element : combine(a.element, b.element)
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
  if (isContainer(a) && isContainer(b)) return sameContainer(a, b)
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

function sameContainer(a: ContainerFact, b: ContainerFact): boolean {
  if (!sameFact(a.element, b.element) || a.items?.length !== b.items?.length) return false
  return (a.items ?? []).every((item, index) => sameFact(item, b.items?.[index] ?? null))
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
