// Gradients of recurrent layers: what LSTM, GRU and RNN have in common. Gates of all steps come from the outputs at once, as every
// step's state is among them; what goes from step to step runs in a Scan.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import { recurrentLimit } from '#src/onnx/operators/recurrent-activations'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import type { ActivationRule } from './recurrent-activation.ts'
import { activationRules } from './recurrent-activation.ts'

/** One direction of a layer; sequences are [steps, samples, …]. */
export interface Direction {
  readonly index: number
  /** Of the layer: the gradient goes against it. */
  readonly isReverse: boolean
  readonly x: Value
  /** The state each step started from. */
  readonly before: Value
  /** What reached each step's state from outside; 0 behind the end of a sequence. */
  readonly dy: Value
  readonly dLast: Value
  readonly w: Value
  readonly r: Value
  /** Of W and of R. */
  readonly biases: readonly [Value, Value] | 'none'
  /** 1 for the steps of a sequence, 0 behind its end: [steps, samples, 1]. `none`: all are as long as the longest. */
  readonly mask: Value | 'none'
  readonly activations: readonly ActivationRule[]
}

export interface DirectionGradients {
  /** Of what W gave, of all steps. */
  readonly ofW: Value
  /** Of what R gave; `ofW` where each gate is a sum of both. */
  readonly ofR: Value
  readonly dR: Value
  readonly dState: Value
  /** Of the initial cell and of the peepholes, where there are some. */
  readonly dCell?: Value
  readonly dPeepholes?: Value
}

export type DirectionRule = (
  g: GradientBuilder,
  call: GradientCall,
  direction: Direction,
) => DirectionGradients

/** `functions`: of one direction. */
export function recurrentGradient(functions: number, rule: DirectionRule): GradientRecipe {
  return (g, call) => {
    const limit = recurrentLimit(call.node)
    if (limit !== null) refuse(call, limit)
    const way = call.node.string('direction', 'forward')
    const count = way === 'bidirectional' ? 2 : 1
    const rules = activationRules(call)
    const mask = maskOf(g, call)
    const parts = Array.from({ length: count }, (_, index) => {
      const isReverse = way === 'reverse' || index === 1
      const activations = rules.slice(index * functions, (index + 1) * functions)
      const direction = directionOf(g, call, { index, isReverse, mask, activations })
      return { direction, gradients: rule(g, call, direction) }
    })
    const stack = (index: number, pick: (part: (typeof parts)[number]) => Value | undefined) => {
      if (!call.wants(index)) return null
      const rows = parts.flatMap((part) => {
        const value = pick(part)
        return value === undefined ? [] : [g.unsqueeze(value, [0])]
      })
      return rows.length === 0 ? null : g.op('Concat', rows, [intAttribute('axis', 0)])
    }
    const ofX = parts.map(({ direction, gradients }) => g.matmul(gradients.ofW, direction.w))
    return [
      call.wants(0) ? ofX.reduce((sum, part) => g.add(sum, part)) : null,
      stack(1, ({ direction, gradients }) => outer(g, gradients.ofW, direction.x)),
      stack(2, ({ gradients }) => gradients.dR),
      stack(3, ({ gradients: { ofW, ofR } }) => {
        const sums = [ofW, ofR].map((value) => g.reduceSum(value, [0, 1], false))
        return g.op('Concat', sums, [intAttribute('axis', 0)])
      }),
      null,
      stack(5, ({ gradients }) => gradients.dState),
      stack(6, ({ gradients }) => gradients.dCell),
      stack(7, ({ gradients }) => gradients.dPeepholes),
    ]
  }
}

/** Σ aᵀ·b over steps and samples. */
export function outer(g: GradientBuilder, a: Value, b: Value): Value {
  const rows = (value: Value): Value => {
    const width = g.op('Shape', [value], [intAttribute('start', 2)])
    const target = g.op('Concat', [g.ints([-1]), width], [intAttribute('axis', 0)])
    return g.op('Reshape', [value, target])
  }
  return g.op('Gemm', [rows(a), rows(b)], [intAttribute('transA', 1)])
}

/** The parts of a value, or of a bias and the like, by gate. */
export function gates(g: GradientBuilder, value: Value, count: number, axis: number): Value[] {
  if (count === 1) return [value]
  const attributes = [intAttribute('axis', axis), intAttribute('num_outputs', count)]
  return g.ops('Split', [value], count, attributes)
}

export function join(g: GradientBuilder, parts: readonly Value[], axis: number): Value {
  return parts.length === 1
    ? (parts[0] as Value)
    : g.op('Concat', parts, [intAttribute('axis', axis)])
}

/** What goes into the functions: x·Wᵀ + h·Rᵀ + both biases. */
export function linear(g: GradientBuilder, input: Value, weight: Value): Value {
  return g.matmul(input, g.transpose(weight, [1, 0]))
}

/** `value` where the sequence goes on, 0 behind its end. */
export function masked(g: GradientBuilder, value: Value, { mask }: Direction): Value {
  return mask === 'none' ? value : g.mul(value, mask)
}

/** 0 where the sequence goes on, 1 behind its end. */
export function ended(g: GradientBuilder, mask: Value, call: GradientCall): Value {
  return g.affine(mask, -1, 1, call.x(0))
}

/** Of the direction, from an input or output that has an axis for directions. */
export function ofDirection(g: GradientBuilder, value: Value, index: number, axis = 0): Value {
  return g.op('Gather', [value, g.int(index)], [intAttribute('axis', axis)])
}

function maskOf(g: GradientBuilder, call: GradientCall): Value | 'none' {
  if (!call.has(4)) return 'none'
  const x = call.x(0)
  const steps = g.op('Squeeze', [
    g.op('Shape', [x], [intAttribute('start', 0), intAttribute('end', 1)]),
    g.ints([0]),
  ])
  const places = g.op('Range', [g.int(0), steps, g.int(1)])
  const lengths = g.op('Cast', [call.x(4)], [intAttribute('to', 7)])
  const isInside = g.op('Less', [g.unsqueeze(places, [1]), g.unsqueeze(lengths, [0])])
  return g.unsqueeze(g.castLike(isInside, x), [2])
}

function directionOf(
  g: GradientBuilder,
  call: GradientCall,
  known: Pick<Direction, 'index' | 'isReverse' | 'mask' | 'activations'>,
): Direction {
  const { index, isReverse, mask } = known
  const x = call.x(0)
  const y = ofDirection(g, call.y(0), index, 1)
  const first = ofDirection(g, y, 0)
  const zeros = g.op('Expand', [g.scalar(0, x), g.shapeOf(first)])
  const initial = call.has(5) ? ofDirection(g, call.x(5), index) : zeros
  const [dy, dLast] = [call.dy(0), call.dy(1)]
  const given = dy === null ? null : ofDirection(g, dy, index, 1)
  const fromOutside = given ?? g.op('Expand', [g.scalar(0, x), g.shapeOf(y)])
  const biases = call.has(3) ? gates(g, ofDirection(g, call.x(3), index), 2, 0) : []
  const [ofW, ofR] = biases
  return {
    ...known,
    x,
    before: statesBefore(g, call, { y, initial, isReverse, mask }),
    dy: mask === 'none' ? fromOutside : g.mul(fromOutside, mask),
    dLast: dLast === null ? zeros : ofDirection(g, dLast, index),
    w: ofDirection(g, call.x(1), index),
    r: ofDirection(g, call.x(2), index),
    biases: ofW === undefined || ofR === undefined ? 'none' : [ofW, ofR],
  }
}

/** States one step earlier. In reverse a sequence begins where it ends, which may be before the last step. */
function statesBefore(
  g: GradientBuilder,
  call: GradientCall,
  {
    y,
    initial,
    isReverse,
    mask,
  }: { readonly y: Value; readonly initial: Value } & Pick<Direction, 'isReverse' | 'mask'>,
): Value {
  const start = g.unsqueeze(initial, [0])
  if (!isReverse) return join(g, [start, g.slice(y, [0], [-1], [0])], 0)
  const later = (value: Value): Value => g.slice(value, [1], [Number.MAX_SAFE_INTEGER], [0])
  const next = later(y)
  if (mask === 'none') return join(g, [next, start], 0)
  const begun = g.add(next, g.mul(ended(g, later(mask), call), start))
  return join(g, [begun, start], 0)
}
