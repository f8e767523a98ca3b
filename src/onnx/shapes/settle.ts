// The state of a loop: what holds before every round.

import type { Graph } from '../ir/graph.ts'
import type { Call } from './call.ts'
import { freshSymbol, keyOf } from './expression.ts'
import type { Fact } from './fact.ts'
import { container, isContainer, isTensorFact, tensor } from './fact.ts'
import { join, joinElements, sameFact } from './join.ts'

/** Walks after which what still changes is taken to be unknown but for its type. */
const ROUNDS = 4

/**
 * A state that holds before every round, and the outputs of a round that starts from it. Sizes that a round changes
 * become unknown until nothing changes any more.
 */
export function settle(
  call: Call,
  body: Graph,
  initial: readonly (Fact | null)[],
  inputs: (state: readonly (Fact | null)[]) => (Fact | null)[],
  stateOutputs: number,
): { state: readonly (Fact | null)[]; outputs: readonly (Fact | null)[] } {
  let state = initial
  for (let round = 1; ; round += 1) {
    const before = state
    const outputs = call.walk(body, inputs(state), true)
    const next = before.map((fact, index) => widen(fact, outputs[index + stateOutputs] ?? null))
    if (next.every((fact, index) => sameFact(fact, before[index] ?? null))) {
      return { state: before, outputs }
    }
    state = round < ROUNDS ? next : next.map(typeOnly)
    if (round > ROUNDS + 1)
      return { state: state.map(() => null), outputs: outputs.map(() => null) }
  }
}

/** The join, but a size of `before` that is unknown already stays the same unknown, so that rounds come to rest. */
function widen(before: Fact | null, after: Fact | null): Fact | null {
  if (isContainer(before) && isContainer(after) && before.kind === after.kind) {
    const joined = join(before, after)
    const items = isContainer(joined) ? joined.items : null
    return container(before.kind, joinElements(before, after, widen), items)
  }
  const joined = join(before, after)
  if (!isTensorFact(joined) || !isTensorFact(before) || !isTensorFact(after)) return joined
  if (joined.shape === null || before.shape === null) return joined
  const shape = before.shape.map((size, axis) => {
    const other = after.shape?.[axis]
    if (other !== undefined && keyOf(size) === keyOf(other)) return size
    const unknown = typeof size !== 'number' && size.symbol !== null && size.serial > 0
    return unknown ? size : freshSymbol()
  })
  return { kind: joined.kind, dtype: joined.dtype, shape, data: joined.data }
}

function typeOnly(fact: Fact | null): Fact | null {
  if (isTensorFact(fact)) return tensor(fact.dtype, null)
  return isContainer(fact) ? container(fact.kind, typeOnly(fact.element)) : fact
}
