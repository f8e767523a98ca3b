// Operators that keep the type and the shape of their first input.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import { fitNumber } from './element.ts'
import type { Element } from './element.ts'
import {
  ceilElement,
  floorElement,
  maximumElements,
  minimumElements,
  roundElement,
  subtractElements,
} from './element-arithmetic.ts'
import { tensor } from './fact.ts'
import type { TensorFact } from './fact.ts'
import { isNonNegative, isExpression } from './symbols.ts'

/** Type and shape of an input, not its elements. */
export function like(call: Call, index = 0): TensorFact {
  return tensor(call.dtype(index), call.shape(index))
}

export const sameAsFirst: ShapeRule = (call) => [like(call)]

/** The same shape with booleans. */
const truthOfEach: ShapeRule = (call) => [tensor('bool', call.shape(0))]

function unary(operation: (element: Element, dtype: DataType) => Element): ShapeRule {
  return (call) => {
    const data = call.data(0)
    const elements = data?.elements.map((element) => operation(element, data.dtype)) ?? null
    return [tensor(call.dtype(0), call.shape(0), elements)]
  }
}

const absolute = unary((element, dtype) => {
  if (typeof element === 'number') return fitNumber(Math.abs(element), dtype)
  return isExpression(element) && isNonNegative(element) ? element : null
})

const sign = unary((element, dtype) =>
  typeof element === 'number' ? fitNumber(Math.sign(element), dtype) : null,
)

const squareRoot = unary((element, dtype) =>
  typeof element === 'number' ? fitNumber(Math.sqrt(element), dtype) : null,
)

const reciprocal = unary((element, dtype) =>
  typeof element === 'number' && DATA_TYPES[dtype].family === 'float'
    ? fitNumber(1 / element, dtype)
    : null,
)

const not: ShapeRule = (call) => {
  const elements = call
    .data(0)
    ?.elements.map((element) => (typeof element === 'number' ? Number(element === 0) : null))
  return [tensor('bool', call.shape(0), elements ?? null)]
}

/** Since opset 11 the bounds are inputs. */
const clip: ShapeRule = (call) => {
  const data = call.data(0)
  if (data === null || call.opset < 11) return [like(call)]
  const low = call.has(1) ? (call.data(1)?.elements[0] ?? null) : undefined
  const high = call.has(2) ? (call.data(2)?.elements[0] ?? null) : undefined
  const elements = data.elements.map((element) => {
    const raised = low === undefined ? element : maximumElements(element, low, data.dtype)
    return high === undefined ? raised : minimumElements(raised, high, data.dtype)
  })
  return [tensor(call.dtype(0), call.shape(0), elements)]
}

/** Any type: tensor, sequence or optional. */
const identity: ShapeRule = (call) => [call.fact(0)]

/** The mask is of the data's type before opset 10 and boolean since. */
const dropout: ShapeRule = (call) => [
  tensor(call.dtype(0), call.shape(0), call.data(0)?.elements ?? null),
  tensor(call.opset < 10 ? call.dtype(0) : 'bool', call.shape(0)),
]

const SAME = `
  Acos Acosh Asin Asinh Atan Atanh BitwiseNot Celu Cos Cosh CumProd CumSum Elu Erf Exp Gelu
  HardSigmoid HardSwish Hardmax LeakyRelu Log LogSoftmax LRN LpNormalization
  MeanVarianceNormalization Mish PRelu ReverseSequence Selu Shrink Sigmoid Sin Sinh Softmax
  Softplus Softsign Swish Tan Tanh ThresholdedRelu Trilu Affine ScaledTanh
  ParametricSoftplus Scale ImageScaler
`

export const ELEMENTWISE_RULES: RuleTable = {
  ...Object.fromEntries(
    SAME.trim()
      .split(/\s+/)
      .map((name) => [name, sameAsFirst]),
  ),
  Abs: absolute,
  Ceil: unary(ceilElement),
  Clip: clip,
  Dropout: dropout,
  Floor: unary(floorElement),
  Identity: identity,
  IsInf: truthOfEach,
  IsNaN: truthOfEach,
  Neg: unary((element, dtype) => subtractElements(0, element, dtype)),
  Not: not,
  Reciprocal: reciprocal,
  RegexFullMatch: truthOfEach,
  Relu: unary((element, dtype) => maximumElements(element, 0, dtype)),
  Round: unary(roundElement),
  Sign: sign,
  Sqrt: squareRoot,
}
