// Scan: a loop over slices of its inputs.

import type { Call, ShapeRule } from './call.ts'
import { settle } from './settle.ts'
import type { Size } from './expression.ts'
import { lastSerial } from './expression.ts'
import type { Fact } from './fact.ts'
import { isTensorFact, tensor } from './fact.ts'
import { escape } from './join.ts'
import { unify } from './broadcast.ts'
import type { MaybeSize } from './symbols.ts'

/** Inputs: state, then the tensors that are cut along their scan axes. Opset 8 has lengths first and a batch axis throughout. */
export const scan: ShapeRule = (call) => {
  const body = call.graph('body')
  if (body === null) return []
  const outer = lastSerial()
  const batched = call.opset < 9
  const facts = batched ? call.facts().slice(1) : call.facts()
  const scanned = call.int('num_scan_inputs', 0)
  const states = facts.length - scanned
  const leading = batched ? 1 : 0
  const inputAxes = call.ints('scan_input_axes') ?? []
  const outputAxes = call.ints('scan_output_axes') ?? []
  let length: MaybeSize = null
  const slices = facts.slice(states).map((fact, index) => {
    const { size, slice } = sliceOf(call, fact, (inputAxes[index] ?? 0) + leading, leading)
    length = unify(call, length, size)
    return slice
  })
  const initial = facts.slice(0, states).map((fact) => withoutLeading(fact, leading))
  const { state, outputs } = settle(call, body, initial, (now) => [...now, ...slices], 0)
  const batch = firstSize(facts[0] ?? null)
  const prefix = batched ? [batch] : []
  const finals = state.map((fact) => stacked(escape(fact, outer), prefix, 0, null))
  const results = outputs.slice(states).map((fact, index) => {
    return stacked(escape(fact, outer), prefix, outputAxes[index] ?? 0, length, true)
  })
  return [...finals, ...results]
}

function firstSize(fact: Fact | null): MaybeSize {
  return isTensorFact(fact) ? (fact.shape?.[0] ?? null) : null
}

function withoutLeading(fact: Fact | null, count: number): Fact | null {
  if (count === 0 || !isTensorFact(fact)) return fact
  return tensor(fact.dtype, fact.shape?.slice(count) ?? null)
}

function sliceOf(
  call: Call,
  fact: Fact | null,
  axisGiven: number,
  leading: number,
): { size: MaybeSize; slice: Fact | null } {
  if (!isTensorFact(fact) || fact.shape === null) {
    return { size: null, slice: isTensorFact(fact) ? tensor(fact.dtype, null) : null }
  }
  const { shape } = fact
  const axis = call.axis(axisGiven, shape.length)
  const rest: Size[] = shape.filter((_, at) => at !== axis && at >= leading)
  return { size: axis === null ? null : (shape[axis] ?? null), slice: tensor(fact.dtype, rest) }
}

function stacked(
  fact: Fact | null,
  prefix: readonly MaybeSize[],
  axisGiven: number,
  length: MaybeSize,
  inserts = false,
): Fact | null {
  if (!isTensorFact(fact) || fact.shape === null) return fact
  if (!inserts) return prefix.length === 0 ? fact : tensor(fact.dtype, [...prefix, ...fact.shape])
  const axis = axisGiven < 0 ? axisGiven + fact.shape.length + 1 : axisGiven
  return tensor(fact.dtype, [
    ...prefix,
    ...fact.shape.slice(0, axis),
    length,
    ...fact.shape.slice(axis),
  ])
}
