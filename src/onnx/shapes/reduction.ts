// Reductions over axes.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { Element } from './element.ts'
import type { BinaryElementOp } from './element-arithmetic.ts'
import {
  addElements,
  maximumElements,
  minimumElements,
  multiplyElements,
} from './element-arithmetic.ts'
import type { Size } from './expression.ts'
import type { TensorFact } from './fact.ts'
import { ofRank, tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'
import { axesOf } from './shape.ts'

/** Which axes go: an attribute before opset 18 (ReduceSum: 13), input 1 since. `null` when not known. */
function reducedAxes(call: Call, shape: readonly Size[]): number[] | 'none' | null {
  const given = axesOf(call)
  if (given === null) return null
  const all = shape.map((_, axis) => axis)
  if (given === 'absent' || given.length === 0) {
    return call.int('noop_with_empty_axes', 0) !== 0 ? 'none' : all
  }
  return given.map((axis) => call.axis(axis, shape.length) ?? -1)
}

function reducedShape(shape: readonly Size[], axes: readonly number[], keep: boolean): MaybeSize[] {
  return keep
    ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : shape.filter((_, axis) => !axes.includes(axis))
}

function reduce(operation: BinaryElementOp | 'none'): ShapeRule {
  return (call) => {
    const shape = call.shape(0)
    const dtype = call.dtype(0)
    const keep = call.int('keepdims', 1) !== 0
    if (shape === null) return [tensor(dtype, null)]
    const axes = reducedAxes(call, shape)
    if (axes === null) return [keep ? ofRank(dtype, shape.length) : unknownAxes(call, shape)]
    if (axes === 'none') return [tensor(dtype, shape)]
    const result = reducedShape(shape, axes, keep)
    const whole = new Set(axes).size === shape.length
    const elements = whole && operation !== 'none' ? fold(call, operation) : null
    return [tensor(dtype, result, elements)]
  }
}

function unknownAxes(call: Call, shape: readonly Size[]): TensorFact {
  const count = call.dim(1, 0)
  const rank = typeof count === 'number' && count > 0 ? shape.length - count : null
  return ofRank(call.dtype(0), rank !== null && rank >= 0 ? rank : null)
}

/** All elements combined into one. The order of additions is the runtime's, so only integers are followed. */
function fold(call: Call, operation: BinaryElementOp): Element[] | null {
  const data = call.data(0)
  const [first, ...rest] = data?.elements ?? []
  if (data === null || first === undefined) return null
  const exact = data.elements.every((e) => typeof e !== 'number' || Number.isInteger(e))
  if (!exact) return null
  return [rest.reduce((a, b) => operation(a, b, data.dtype), first)]
}

/** Positions along one axis. */
const argument: ShapeRule = (call) => {
  const shape = call.shape(0)
  if (shape === null) return [tensor('int64', null)]
  const axis = call.axis(call.int('axis', 0), shape.length)
  if (axis === null) return [tensor('int64', null)]
  return [tensor('int64', reducedShape(shape, [axis], call.int('keepdims', 1) !== 0))]
}

export const REDUCTION_RULES: RuleTable = {
  ArgMax: argument,
  ArgMin: argument,
  ReduceL1: reduce('none'),
  ReduceL2: reduce('none'),
  ReduceLogSum: reduce('none'),
  ReduceLogSumExp: reduce('none'),
  ReduceMax: reduce(maximumElements),
  ReduceMean: reduce('none'),
  ReduceMin: reduce(minimumElements),
  ReduceProd: reduce(multiplyElements),
  ReduceSum: reduce(addElements),
  ReduceSumSquare: reduce('none'),
}
