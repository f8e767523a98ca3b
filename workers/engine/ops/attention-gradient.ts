// Gradients of attention as one operator. With P = softmax(S), S = cap(scale·Q·Kᵀ) + mask: dV = Pᵀ·dY, dP = dY·Vᵀ,
// dS = P∘(dP − Σ P∘dP), behind the cap c·tanh(z ÷ c) times 1 − tanh², dQ = scale·dS·K, dK = scale·dSᵀ·Q.

import { intAttribute } from '#src/onnx/ir/attribute'
import type { Value } from '#src/onnx/ir/value'
import type { Dim, Shape } from '#src/onnx/ir/value-type'
import { attentionLimit } from '#src/onnx/operators/attention-limit'
import type { GradientBuilder } from './gradient-builder.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'

const MASK = 3
const LOWEST = -3e38

interface Heads {
  readonly queries: number
  readonly keys: number
}

/** What an operand of [B, H, S, D], or [B, S, H·D], is in the products. */
interface Operand {
  /** [B, query heads, S, D]. */
  readonly value: Value
  /** The gradient of `value` as that of the operand. */
  readonly back: (gradient: Value) => Value
  /** That of the operand with its heads apart, as the node hands it on for later calls. */
  readonly join: (gradient: Value) => Value
}

function headsOf(call: GradientCall): Heads {
  const [query, key] = [call.shape(call.x(0)), call.shape(call.x(1))]
  const queries = call.node.int('q_num_heads', 0) || query?.[1]
  const keys = call.node.int('kv_num_heads', 0) || key?.[1]
  if (typeof queries === 'number' && typeof keys === 'number') return { queries, keys }
  return refuse(call, 'the number of heads is not known')
}

function operandOf(g: GradientBuilder, call: GradientCall, index: number, heads: Heads): Operand {
  const own = call.x(index)
  const count = index === 0 ? heads.queries : heads.keys
  const isJoined = call.rank(own) === 3
  const turn = (value: Value) => g.transpose(value, [0, 2, 1, 3])
  const split = isJoined ? turn(g.op('Reshape', [own, g.ints([0, 0, count, -1])])) : own
  const join = (value: Value) => (isJoined ? g.reshapeLike(turn(value), own) : value)
  const repeats = heads.queries / count
  if (repeats === 1) return { value: split, back: join, join }
  const places = Array.from({ length: heads.queries }, (_, head) => Math.floor(head / repeats))
  return {
    value: g.op('Gather', [split, g.ints(places)], [intAttribute('axis', 1)]),
    back: (gradient) => {
      const byKey = g.op('Reshape', [gradient, g.ints([0, count, repeats, -1])])
      return join(g.reshapeLike(g.reduceSum(byKey, [2], false), split))
    },
    join,
  }
}

/** 1 ÷ √D where none is given. */
function scaleOf(g: GradientBuilder, call: GradientCall, query: Value): Value {
  const like = call.x(0)
  if (call.node.attributes.has('scale')) return g.scalar(call.node.float('scale', 1), like)
  const size = g.op('Shape', [query], [intAttribute('start', 3)])
  return g.op('Reciprocal', [g.op('Sqrt', [g.castLike(size, like)])])
}

/** Query i may look at keys up to i. */
function causal(g: GradientBuilder, query: Value, key: Value): Value {
  const places = (value: Value) => {
    const axis = [intAttribute('start', 2), intAttribute('end', 3)]
    const length = g.op('Squeeze', [g.op('Shape', [value], axis)])
    return g.op('Range', [g.int(0), length, g.int(1)])
  }
  return g.op('GreaterOrEqual', [g.unsqueeze(places(query), [1]), places(key)])
}

/** Where scores count, by a mask of truth values or by the order of the sequence; `null`: everywhere. */
function allowedOf(g: GradientBuilder, call: GradientCall, query: Value, key: Value): Value | null {
  const mask = call.has(MASK) && g.dtype(call.x(MASK)) === 'bool' ? call.x(MASK) : null
  if (call.node.int('is_causal', 0) === 0) return mask
  const order = causal(g, query, key)
  return mask === null ? order : g.op('And', [mask, order])
}

interface Scores {
  readonly probabilities: Value
  /** The derivative of the cap; `null` without one. */
  readonly slope: Value | null
}

/** As the runtime computes them: the cap comes before the mask, and a row without a key gives nothing. */
function scoresOf(
  g: GradientBuilder,
  call: GradientCall,
  product: Value,
  allowed: Value | null,
): Scores {
  const like = call.x(0)
  const cap = call.node.float('softcap', 0)
  const bent = cap === 0 ? null : g.op('Tanh', [g.div(product, g.scalar(cap, like))])
  const capped = bent === null ? product : g.mul(bent, g.scalar(cap, like))
  const isAdded = call.has(MASK) && g.isFloat(call.x(MASK))
  const masked = isAdded ? g.add(capped, call.x(MASK)) : capped
  const softmax = (value: Value) => g.op('Softmax', [value], [intAttribute('axis', -1)])
  const only = (value: Value, otherwise: number) =>
    allowed === null ? value : g.op('Where', [allowed, value, g.scalar(otherwise, like)])
  return {
    probabilities: only(softmax(only(masked, LOWEST)), 0),
    slope: bent === null ? null : g.affine(g.mul(bent, bent), -1, 1, like),
  }
}

function scoreShape(call: GradientCall, heads: Heads): Shape {
  const length = (index: number): Dim => call.shape(call.x(index))?.at(-2) ?? null
  const joined = (index: number): Dim => call.shape(call.x(index))?.[1] ?? null
  const own = (index: number) => (call.rank(call.x(index)) === 3 ? joined(index) : length(index))
  return [call.shape(call.x(0))?.[0] ?? null, heads.queries, own(0), own(1)]
}

/** Of an operand that the node also hands on, as output `index`. */
function withHandedOn(
  g: GradientBuilder,
  call: GradientCall,
  index: number,
  { join }: Operand,
  gradient: Value | null,
): Value | null {
  const handedOn = call.dy(index)
  if (handedOn === null) return gradient
  return gradient === null ? join(handedOn) : g.add(gradient, join(handedOn))
}

interface Parts {
  readonly query: Operand
  readonly key: Operand
  readonly value: Operand
}

/** Gradients by way of the first output. */
function answerGradient(
  g: GradientBuilder,
  call: GradientCall,
  dy: Value,
  heads: Heads,
  { query, key, value }: Parts,
): (Value | null)[] {
  const turn = (one: Value) => g.transpose(one, [0, 1, 3, 2])
  const scale = scaleOf(g, call, query.value)
  const scaled = g.mul(query.value, scale)
  const allowed = allowedOf(g, call, query.value, key.value)
  const scores = g.matmul(scaled, turn(key.value))
  const { probabilities, slope } = scoresOf(g, call, scores, allowed)
  const isJoined = call.rank(call.x(0)) === 3
  const apart = isJoined
    ? g.transpose(g.op('Reshape', [dy, g.ints([0, 0, heads.queries, -1])]), [0, 2, 1, 3])
    : dy
  const dv = () => value.back(g.matmul(turn(probabilities), apart))
  if (![0, 1, MASK].some((index) => call.wants(index))) return [null, null, dv()]
  const product = g.mul(probabilities, g.matmul(apart, turn(value.value)))
  const dScores = g.sub(product, g.mul(probabilities, g.reduceSum(product, [-1], true)))
  const inner = slope === null ? dScores : g.mul(dScores, slope)
  const dMask = () => g.unbroadcast(dScores, scoreShape(call, heads), call.x(MASK))
  return [
    call.wants(0) ? query.back(g.mul(g.matmul(inner, key.value), scale)) : null,
    call.wants(1) ? key.back(g.matmul(turn(inner), scaled)) : null,
    call.wants(2) ? dv() : null,
    call.wants(MASK) && g.isFloat(call.x(MASK)) ? dMask() : null,
  ]
}

export const attentionGradient: GradientRecipe = (g, call) => {
  const limit = attentionLimit(call.node)
  if (limit !== null) refuse(call, limit)
  const heads = headsOf(call)
  const [query, key, value] = [
    operandOf(g, call, 0, heads),
    operandOf(g, call, 1, heads),
    operandOf(g, call, 2, heads),
  ]
  const dy = call.dy(0)
  const found = dy === null ? [] : answerGradient(g, call, dy, heads, { query, key, value })
  const [dq = null, dk = null, dv = null, dMask = null] = found
  return [
    dq,
    call.wants(1) ? withHandedOn(g, call, 1, key, dk) : null,
    call.wants(2) ? withHandedOn(g, call, 2, value, dv) : null,
    dMask,
  ]
}

/** Each pair is turned by an angle: its gradient is turned back. */
export const rotaryGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null || !call.wants(0)) return []
  const [cos, sin] = [call.x(1), call.x(2)]
  const places = call.has(3) ? [call.x(3)] : []
  const attributes = [...call.node.attributes.values()]
  return [g.op('RotaryEmbedding', [dy, cos, g.neg(sin), ...places], attributes)]
}
