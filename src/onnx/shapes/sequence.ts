// Sequences and optionals.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { dtypeAttribute } from './casting.ts'
import type { ContainerFact, Fact } from './fact.ts'
import { container, isContainer, isTensorFact, tensor } from './fact.ts'
import { join } from './join.ts'
import { concatFacts } from './layout.ts'
import { splitFacts } from './split.ts'
import type { MaybeSize } from './symbols.ts'
import { exactDivide } from './symbols.ts'

/** Longer sequences are not known element by element. */
const MAX_ITEMS = 256

export function sequenceOf(
  items: readonly (Fact | null)[],
  emptyElement: Fact | null = null,
): Fact {
  if (items.length === 0) return container('sequence', emptyElement, [])
  const element = items.reduce((a, b) => join(a, b))
  return container('sequence', element, items.length <= MAX_ITEMS ? items : null)
}

function sequenceInput(call: Call, index: number): ContainerFact | null {
  const fact = call.fact(index)
  return isContainer(fact) ? fact : null
}

/** A position in a sequence of `count`, or `null` when it is not known. */
function position(call: Call, index: number, count: number, fallback: number): number | null {
  const given = call.has(index) ? call.scalar(index) : fallback
  if (typeof given !== 'number') return null
  const at = given < 0 ? given + count : given
  return at >= 0 && at <= count ? at : null
}

const sequenceEmpty: ShapeRule = (call) => [
  container('sequence', tensor(dtypeAttribute(call, 'dtype', 'float32'), null), []),
]

const sequenceConstruct: ShapeRule = (call) => [sequenceOf(call.facts())]

const sequenceAt: ShapeRule = (call) => {
  const sequence = sequenceInput(call, 0)
  const items = sequence?.items ?? null
  const at = items === null ? null : position(call, 1, items.length, 0)
  return [items === null || at === null ? (sequence?.element ?? null) : (items[at] ?? null)]
}

const sequenceInsert: ShapeRule = (call) => {
  const sequence = sequenceInput(call, 0)
  const added = call.fact(1)
  if (sequence === null) return [container('sequence', null)]
  const { items } = sequence
  const at = items === null ? null : position(call, 2, items.length, items.length)
  if (items !== null && at !== null) return [sequenceOf(items.toSpliced(at, 0, added))]
  const empty = items !== null && items.length === 0
  return [container('sequence', empty ? added : join(sequence.element, added))]
}

const sequenceErase: ShapeRule = (call) => {
  const sequence = sequenceInput(call, 0)
  if (sequence === null) return [container('sequence', null)]
  const { items } = sequence
  const last = items === null ? 0 : items.length - 1
  const at = items === null ? null : position(call, 1, items.length, last)
  if (items === null || at === null) return [container('sequence', sequence.element)]
  return [sequenceOf(items.toSpliced(at, 1), sequence.element)]
}

const sequenceLength: ShapeRule = (call) => {
  const items = sequenceInput(call, 0)?.items ?? null
  return [tensor('int64', [], items === null ? null : [items.length])]
}

/** Parts of the sizes in input 1, of one size, or of size 1, which lose the axis with keepdims 0. */
const splitToSequence: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (shape === null) return [container('sequence', tensor(call.dtype(0), null))]
  const axis = call.axis(call.int('axis', 0), shape.length)
  const total = axis === null ? null : (shape[axis] ?? null)
  const keep = call.has(1) || call.int('keepdims', 1) !== 0
  const sizes = partSizes(call, total)
  const parts = splitFacts(call, axis, sizes ?? (call.has(1) ? [null] : [1]), sizes?.length ?? 1)
  const facts = keep ? parts : parts.map((part) => withoutAxis(part, axis))
  return [sizes === null ? container('sequence', facts[0] ?? null) : sequenceOf(facts)]
}

function withoutAxis(fact: Fact, axis: number | null): Fact {
  if (!isTensorFact(fact) || fact.shape === null || axis === null) return fact
  return tensor(fact.dtype, fact.shape.toSpliced(axis, 1), fact.data?.elements ?? null)
}

function partSizes(call: Call, total: MaybeSize): MaybeSize[] | null {
  if (call.has(1) && call.rank(1) !== 0) return call.rank(1) === null ? null : call.sizes(1)
  const size = call.has(1) ? call.scalar(1) : 1
  if (typeof total !== 'number' || typeof size !== 'number' || size <= 0) return null
  const count = Math.ceil(total / size)
  if (count > MAX_ITEMS) return null
  const whole = exactDivide(total, size) !== null
  return Array.from({ length: count }, (_, part) =>
    part === count - 1 && !whole ? total % size : size,
  )
}

const concatFromSequence: ShapeRule = (call) => {
  const sequence = sequenceInput(call, 0)
  const element = sequence?.element ?? null
  const { items = null } = sequence ?? {}
  const stacked = call.int('new_axis', 0) !== 0
  const axis = call.int('axis', 0)
  if (items === null || items.length === 0) return [unknownConcat(call, element, axis, stacked)]
  return [concatFacts(call, stacked ? items.map((item) => withNewAxis(item, axis)) : items, axis)]
}

function unknownConcat(call: Call, element: Fact | null, axis: number, stacked: boolean): Fact {
  if (!isTensorFact(element) || element.shape === null) {
    return tensor(isTensorFact(element) ? element.dtype : 'none', null)
  }
  const sizes: MaybeSize[] = [...element.shape]
  const at = call.axis(axis, sizes.length + Number(stacked)) ?? 0
  sizes.splice(at, stacked ? 0 : 1, null)
  return tensor(element.dtype, sizes)
}

function withNewAxis(fact: Fact | null, axis: number): Fact | null {
  if (!isTensorFact(fact) || fact.shape === null) return fact
  const at = axis < 0 ? axis + fact.shape.length + 1 : axis
  return tensor(fact.dtype, fact.shape.toSpliced(at, 0, 1), fact.data?.elements ?? null)
}

/** Holds its input, or nothing of the type in the attribute. */
const optional: ShapeRule = (call) => [container('optional', call.fact(0))]

/** Since opset 18 a value that is no optional passes through. */
const optionalGetElement: ShapeRule = (call) => {
  const fact = call.fact(0)
  return [isContainer(fact) && fact.kind === 'optional' ? fact.element : fact]
}

export const SEQUENCE_RULES: RuleTable = {
  ConcatFromSequence: concatFromSequence,
  Optional: optional,
  OptionalGetElement: optionalGetElement,
  OptionalHasElement: () => [tensor('bool', [])],
  SequenceAt: sequenceAt,
  SequenceConstruct: sequenceConstruct,
  SequenceEmpty: sequenceEmpty,
  SequenceErase: sequenceErase,
  SequenceInsert: sequenceInsert,
  SequenceLength: sequenceLength,
  SplitToSequence: splitToSequence,
}
