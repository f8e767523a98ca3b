// Operators that combine tensors element by element with broadcasting.

import { broadcastShapes } from './broadcast.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import type { Element } from './element.ts'
import { fitNumber, sizeOf } from './element.ts'
import type { BinaryElementOp, Comparison } from './element-arithmetic.ts'
import {
  addElements,
  divideElements,
  equalElements,
  greaterElements,
  greaterOrEqualElements,
  lessElements,
  lessOrEqualElements,
  maximumElements,
  minimumElements,
  moduloElements,
  multiplyElements,
  sameElement,
  subtractElements,
} from './element-arithmetic.ts'
import { combine } from './element-maps.ts'
import type { DtypeOrNone } from './fact.ts'
import { tensor } from './fact.ts'
import type { PartialTensor } from './partial-tensor.ts'
import type { MaybeSize } from './symbols.ts'

/** Before opset 7 the second input was laid along an axis of the first, whose shape the result has. */
function commonShape(call: Call): readonly MaybeSize[] | null {
  if (call.opset < 7 && call.node.is() && call.inputCount === 2) return call.shape(0)
  return broadcastShapes(
    call,
    call.node.inputs.map((_, index) => call.shape(index)),
  )
}

/** The element type of the first input whose type is known. */
function commonDtype(call: Call): DtypeOrNone {
  for (let index = 0; index < call.inputCount; index += 1) {
    const dtype = call.dtype(index)
    if (dtype !== 'none') return dtype
  }
  return 'none'
}

/** Data of all inputs, or `null` as soon as one has none. */
function allData(call: Call): PartialTensor[] | null {
  const all: PartialTensor[] = []
  for (let index = 0; index < call.inputCount; index += 1) {
    const data = call.data(index)
    if (data === null) return null
    all.push(data)
  }
  return all
}

function variadic(operation: BinaryElementOp): ShapeRule {
  return (call) => {
    const shape = commonShape(call)
    const dtype = commonDtype(call)
    const data = dtype === 'none' ? null : allData(call)
    if (dtype === 'none' || data === null) return [tensor(dtype, shape)]
    const elements = combine(shape, data, (operands) =>
      operands.reduce((a, b) => operation(a, b, dtype)),
    )
    return [tensor(dtype, shape, elements)]
  }
}

function comparison(operation: Comparison): ShapeRule {
  return (call) => {
    const shape = commonShape(call)
    const data = allData(call)
    const elements =
      data === null ? null : combine(shape, data, ([a = null, b = null]) => operation(a, b))
    return [tensor('bool', shape, elements)]
  }
}

/** Broadcasts; elements are not followed. */
export const broadcastOnly: ShapeRule = (call) => [tensor(commonDtype(call), commonShape(call))]

/** fmod = 1 takes the dividend's sign; the two agree unless signs differ, so only fmod = 0 is followed. */
const mod: ShapeRule = (call) =>
  call.int('fmod', 0) === 0 ? variadic(moduloElements)(call) : broadcastOnly(call)

/** The result has the base's type. */
const pow: ShapeRule = (call) => {
  const shape = commonShape(call)
  const dtype = call.dtype(0)
  const data = dtype === 'none' ? null : allData(call)
  if (dtype === 'none' || data === null) return [tensor(dtype, shape)]
  const elements = combine(shape, data, ([base = null, exponent = null]) => {
    if (exponent === 2) return multiplyElements(base, base, dtype)
    if (typeof base !== 'number' || typeof exponent !== 'number') return null
    const power = base ** exponent
    return Number.isInteger(base) && Number.isSafeInteger(power) ? fitNumber(power, dtype) : null
  })
  return [tensor(dtype, shape, elements)]
}

const where: ShapeRule = (call) => {
  const shape = broadcastShapes(call, [call.shape(0), call.shape(1), call.shape(2)])
  const dtype = call.dtype(1) === 'none' ? call.dtype(2) : call.dtype(1)
  const condition = call.data(0)
  const whenTrue = condition === null ? null : call.data(1)
  const whenFalse = condition === null ? null : call.data(2)
  if (whenTrue === null && whenFalse === null) return [tensor(dtype, shape)]
  const unknown = { dtype: 'bool', dims: [], elements: [null] } as const
  const inputs = [condition, whenTrue ?? unknown, whenFalse ?? unknown]
  const elements = combine(shape, inputs, ([chosen = null, a = null, b = null]) => {
    if (chosen === null) return sameElement(a, b) ? a : null
    return chosen === 0 ? b : a
  })
  return [tensor(dtype, shape, elements)]
}

function logical(operation: (a: Element, b: Element) => Element): ShapeRule {
  return comparison(operation)
}

/** False and x is false, true or x is true, whatever x is. */
const and = logical((a, b) => (a === 0 || b === 0 ? 0 : a === null || b === null ? null : 1))
const or = logical((a, b) => (isTrue(a) || isTrue(b) ? 1 : a === null || b === null ? null : 0))
const xor = logical((a, b) => (a === null || b === null ? null : Number(a !== b)))

function isTrue(element: Element): boolean {
  return sizeOf(element) === 1
}

export const ARITHMETIC_RULES: RuleTable = {
  Add: variadic(addElements),
  And: and,
  BitShift: broadcastOnly,
  BitwiseAnd: broadcastOnly,
  BitwiseOr: broadcastOnly,
  BitwiseXor: broadcastOnly,
  Div: variadic(divideElements),
  Equal: comparison(equalElements),
  Greater: comparison(greaterElements),
  GreaterOrEqual: comparison(greaterOrEqualElements),
  Less: comparison(lessElements),
  LessOrEqual: comparison(lessOrEqualElements),
  Max: variadic(maximumElements),
  Mean: broadcastOnly,
  Min: variadic(minimumElements),
  Mod: mod,
  Mul: variadic(multiplyElements),
  Or: or,
  Pow: pow,
  StringConcat: broadcastOnly,
  Sub: variadic(subtractElements),
  Sum: variadic(addElements),
  Where: where,
  Xor: xor,
}
