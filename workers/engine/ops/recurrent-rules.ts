// Gradients of one direction of RNN, GRU and LSTM.

import type { Value } from '#src/onnx/ir/value'
import type { GradientBuilder } from './gradient-builder.ts'
import type { ActivationRule } from './recurrent-activation.ts'
import type { Direction, DirectionRule } from './recurrent-gradient.ts'
import { ended, gates, join, linear, masked, ofDirection, outer } from './recurrent-gradient.ts'
import { scan } from './scan.ts'

type Rules1 = readonly [ActivationRule]
type Rules2 = readonly [ActivationRule, ActivationRule]
type Rules3 = readonly [ActivationRule, ActivationRule, ActivationRule]

/** h = f(a), a = W·x + R·h' + b: da = dh·f'(a). */
export const rnnDirection: DirectionRule = (g, call, direction) => {
  const [f] = direction.activations as Rules1
  const { before, r, mask } = direction
  const slope = masked(g, f(g, sums(g, direction)).slope, direction)
  const behind = mask === 'none' ? [] : [ended(g, mask, call)]
  const { states, collected } = scan(
    g,
    {
      states: [direction.dLast],
      sequences: [direction.dy, slope, ...behind],
      isBackward: !direction.isReverse,
      like: call.x(0),
    },
    (inner, [later], [dy, slopeHere, isOver]) => {
      const da = inner.mul(inner.add(dy as Value, later as Value), slopeHere as Value)
      const dh = carried(inner, inner.matmul(da, r), later as Value, isOver)
      return { states: [dh], collected: [da] }
    },
  )
  const da = collected[0] as Value
  return { ofW: da, ofR: da, dR: outer(g, da, before), dState: states[0] as Value }
}

/**
 * h = (1 − z)·n + z·h'. Reset before the product: n = g(W·x + R·(r·h') + b); behind it: n = g(W·x + b + r·(R·h' + b')).
 * A step behind the end counts as z = 1.
 */
export const gruDirection: DirectionRule = (g, call, direction) => {
  const [f, h] = direction.activations as Rules2
  const { before, mask } = direction
  const isResetLast = call.node.int('linear_before_reset', 0) !== 0
  const [rz, rr, rn] = gates(g, direction.r, 3, 0) as [Value, Value, Value]
  const [xz, xr, xn] = gates(
    g,
    withBias(g, linear(g, direction.x, direction.w), direction, 0),
    3,
    2,
  )
  const biases = direction.biases === 'none' ? [] : gates(g, direction.biases[1], 3, 0)
  const behind = (weight: Value, bias: number, input = before): Value => {
    const product = linear(g, input, weight)
    const own = biases[bias]
    return own === undefined ? product : g.add(product, own)
  }
  const z = f(g, g.add(xz as Value, behind(rz, 0)))
  const reset = f(g, g.add(xr as Value, behind(rr, 1)))
  const product = isResetLast ? behind(rn, 2) : behind(rn, 2, g.mul(reset.value, before))
  const n = h(g, g.add(xn as Value, isResetLast ? g.mul(reset.value, product) : product))
  const like = call.x(0)
  const ofZ = masked(g, g.mul(g.sub(before, n.value), z.slope), direction)
  const ofN = masked(g, g.mul(g.affine(z.value, -1, 1, like), n.slope), direction)
  const ofReset = g.mul(isResetLast ? product : before, reset.slope)
  const keep = mask === 'none' ? z.value : g.add(g.mul(z.value, mask), ended(g, mask, call))
  const { states, collected } = scan(
    g,
    {
      states: [direction.dLast],
      sequences: [direction.dy, ofZ, ofN, ofReset, keep, reset.value],
      isBackward: !direction.isReverse,
      like,
    },
    (inner, [later], elements) => {
      const [dy, toZ, toN, toReset, kept, open] = elements as [
        Value,
        Value,
        Value,
        Value,
        Value,
        Value,
      ]
      const dh = inner.add(dy, later as Value)
      const [az, an] = [inner.mul(dh, toZ), inner.mul(dh, toN)]
      const inside = isResetLast ? inner.mul(an, open) : inner.matmul(an, rn)
      const ar = inner.mul(isResetLast ? an : inside, toReset)
      const third = isResetLast ? inner.matmul(inside, rn) : inner.mul(inside, open)
      const gated = inner.add(inner.matmul(az, rz), inner.matmul(ar, rr))
      const next = inner.add(inner.add(inner.mul(dh, kept), gated), third)
      return { states: [next], collected: [az, ar, an] }
    },
  )
  const [az, ar, an] = collected as [Value, Value, Value]
  const ofRn = isResetLast ? g.mul(an, reset.value) : an
  const read = isResetLast ? before : g.mul(reset.value, before)
  const dR = [outer(g, az, before), outer(g, ar, before), outer(g, ofRn, read)]
  return {
    ofW: join(g, [az, ar, an], 2),
    ofR: join(g, [az, ar, ofRn], 2),
    dR: join(g, dR, 0),
    dState: states[0] as Value,
  }
}

/** c = f·c' + i·g, h = o·h(c), with peepholes from c' to i and f, from c to o. A step behind the end keeps both. */
export const lstmDirection: DirectionRule = (g, call, direction) => {
  const [f, gate, h] = direction.activations as Rules3
  const { mask, index } = direction
  const like = call.x(0)
  const isCoupled = call.node.int('input_forget', 0) !== 0
  const peepholes = call.has(7) ? gates(g, ofDirection(g, call.x(7), index), 3, 0) : []
  const [toI, toO, toF] = peepholes
  const [xi, xo, xf, xg] = gates(g, sums(g, direction), 4, 2) as [Value, Value, Value, Value]
  const initial = call.has(6)
    ? ofDirection(g, call.x(6), index)
    : g.op('Expand', [g.scalar(0, like), g.shapeOf(direction.dLast)])
  const from = (
    own: GradientBuilder,
    input: Value,
    weight: Value | undefined,
    cell: Value,
  ): Value => (weight === undefined ? input : own.add(input, own.mul(weight, cell)))
  const forgets = (own: GradientBuilder, i: Value, input: Value): Value =>
    isCoupled ? own.affine(i, -1, 1, like) : f(own, input).value
  const candidate = gate(g, xg)
  const cells = scan(
    g,
    {
      states: [initial],
      sequences: [xi, xf, candidate.value, ...(mask === 'none' ? [] : [mask])],
      isBackward: direction.isReverse,
      like,
    },
    (inner, [cell], [ai, af, value, isInside]) => {
      const before = cell as Value
      const i = f(inner, from(inner, ai as Value, toI, before)).value
      const forget = forgets(inner, i, from(inner, af as Value, toF, before))
      const next = inner.add(inner.mul(forget, before), inner.mul(i, value as Value))
      const kept =
        isInside === undefined
          ? next
          : inner.add(before, inner.mul(isInside, inner.sub(next, before)))
      return { states: [kept], collected: [before, kept] }
    },
  )
  const [cBefore, c] = cells.collected as [Value, Value]
  const i = f(g, from(g, xi, toI, cBefore))
  const forget = f(g, from(g, xf, toF, cBefore))
  const o = f(g, from(g, xo, toO, c))
  const out = h(g, c)
  const forgotten = isCoupled ? g.affine(i.value, -1, 1, like) : forget.value
  const toInput = isCoupled ? g.sub(candidate.value, cBefore) : candidate.value
  const nothing = g.mul(forget.slope, g.scalar(0, like))
  const factors = [
    g.mul(out.value, o.slope),
    g.mul(o.value, out.slope),
    g.mul(toInput, i.slope),
    isCoupled ? nothing : g.mul(cBefore, forget.slope),
    g.mul(i.value, candidate.slope),
  ].map((factor) => masked(g, factor, direction))
  const behind = mask === 'none' ? [] : [ended(g, mask, call)]
  const kept = mask === 'none' ? forgotten : g.add(g.mul(forgotten, mask), ended(g, mask, call))
  const dLastCell = call.dy(2)
  const { states, collected } = scan(
    g,
    {
      states: [
        direction.dLast,
        dLastCell === null
          ? g.op('Expand', [g.scalar(0, like), g.shapeOf(direction.dLast)])
          : ofDirection(g, dLastCell, index),
      ],
      sequences: [direction.dy, kept, ...factors, ...behind],
      isBackward: !direction.isReverse,
      like,
    },
    (inner, [laterH, laterC], elements) => {
      const [dy, keep, ...rest] = elements as [Value, Value, ...Value[]]
      const [ko, kc, ki, kf, kg, isOver] = rest as [Value, Value, Value, Value, Value, Value?]
      const dh = inner.add(dy, laterH as Value)
      const ao = inner.mul(dh, ko)
      const dc = from(inner, inner.add(laterC as Value, inner.mul(dh, kc)), toO, ao)
      const [ai, af, ag] = [inner.mul(dc, ki), inner.mul(dc, kf), inner.mul(dc, kg)]
      const earlier = from(inner, from(inner, inner.mul(dc, keep), toI, ai), toF, af)
      const da = join(inner, [ai, ao, af, ag], 1)
      const next = carried(inner, inner.matmul(da, direction.r), laterH as Value, isOver)
      return { states: [next, earlier], collected: [da] }
    },
  )
  const da = collected[0] as Value
  const [ai, ao, af] = gates(g, da, 4, 2) as [Value, Value, Value, Value]
  const along = (gradient: Value, cell: Value): Value =>
    g.reduceSum(g.mul(gradient, cell), [0, 1], false)
  return {
    ofW: da,
    ofR: da,
    dR: outer(g, da, direction.before),
    dState: states[0] as Value,
    dCell: states[1] as Value,
    ...(peepholes.length > 0 && {
      dPeepholes: join(g, [along(ai, cBefore), along(ao, c), along(af, cBefore)], 0),
    }),
  }
}

/** All that goes into the functions, of all steps. */
function sums(g: GradientBuilder, direction: Direction): Value {
  const product = withBias(g, linear(g, direction.x, direction.w), direction, 0)
  return withBias(g, g.add(product, linear(g, direction.before, direction.r)), direction, 1)
}

function withBias(g: GradientBuilder, value: Value, { biases }: Direction, index: 0 | 1): Value {
  return biases === 'none' ? value : g.add(value, biases[index])
}

/** Behind the end of a sequence the gradient of the state goes on as it is. */
function carried(g: GradientBuilder, dh: Value, later: Value, isOver: Value | undefined): Value {
  return isOver === undefined ? dh : g.add(dh, g.mul(isOver, later))
}
