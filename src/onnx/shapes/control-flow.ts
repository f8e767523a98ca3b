// If, Loop, Scan, SequenceMap: operators with subgraphs.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { lastSerial } from './expression.ts'
import type { Fact } from './fact.ts'
import { container, isContainer, isTensorFact, tensor } from './fact.ts'
import { escape, join } from './join.ts'
import { scan } from './scan.ts'
import { settle } from './settle.ts'
import type { MaybeSize } from './symbols.ts'

/** What holds for both branches; the one that is taken, when the condition is a constant. */
const conditional: ShapeRule = (call) => {
  const [thenGraph, elseGraph] = [call.graph('then_branch'), call.graph('else_branch')]
  const whenTrue = thenGraph === null ? [] : call.walk(thenGraph, [])
  const whenFalse = elseGraph === null ? [] : call.walk(elseGraph, [])
  const condition = call.scalar(0)
  if (condition === 1) return whenTrue
  if (condition === 0) return whenFalse
  return call.node.outputs.map((_, index) =>
    join(whenTrue[index] ?? null, whenFalse[index] ?? null),
  )
}

/** Inputs: trip count, condition, state. Body: (iteration, condition, state) → (condition, state, scan outputs). */
const loop: ShapeRule = (call) => {
  const body = call.graph('body')
  if (body === null) return []
  const outer = lastSerial()
  const initial = call.facts().slice(2)
  const ahead = [tensor('int64', []), tensor('bool', [])]
  const { state, outputs } = settle(call, body, initial, (now) => [...ahead, ...now], 1)
  const finals = state.map((fact) => escape(fact, outer))
  const trips = tripCount(call, outputs[0] ?? null)
  const scanned = outputs.slice(1 + initial.length).map((fact) => {
    const shape = isTensorFact(fact) ? fact.shape : null
    const dtype = isTensorFact(fact) ? fact.dtype : 'none'
    const stacked = escape(tensor(dtype, shape === null ? null : [null, ...shape]), outer)
    return withLength(stacked, trips)
  })
  return [...finals, ...scanned]
}

function withLength(fact: Fact | null, length: MaybeSize): Fact | null {
  if (!isTensorFact(fact) || fact.shape === null || length === null) return fact
  return tensor(fact.dtype, [length, ...fact.shape.slice(1)])
}

/** The trip count, when no condition can end the loop before. */
function tripCount(call: Call, condition: Fact | null): MaybeSize {
  const goesOn = isTensorFact(condition) && condition.data?.elements[0] === 1
  const starts = !call.has(1) || call.scalar(1) === 1
  return call.has(0) && goesOn && starts ? call.scalar(0) : null
}

/** The body for the items of the first input (and of further sequences beside it). */
const sequenceMap: ShapeRule = (call) => {
  const body = call.graph('body')
  if (body === null) return []
  const outer = lastSerial()
  const inputs = call.facts().map((fact, index) => {
    if (!isContainer(fact) || fact.kind !== 'sequence') return fact
    return index === 0 || body.inputs.length > index ? fact.element : null
  })
  return call.walk(body, inputs, true).map((fact) => container('sequence', escape(fact, outer)))
}

export const CONTROL_FLOW_RULES: RuleTable = {
  If: conditional,
  Loop: loop,
  Scan: scan,
  SequenceMap: sequenceMap,
}
