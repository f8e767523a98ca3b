// Operators that make tensors: constants, ranges, random numbers.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import { tensorSize } from '../ir/tensor.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import { dtypeAttribute } from './casting.ts'
import { fitNumber, sizeOf } from './element.ts'
import type { Element } from './element.ts'
import { addElements, isConcrete, multiplyElements } from './element-arithmetic.ts'
import { smallDims } from './element-maps.ts'
import type { Fact } from './fact.ts'
import { ConstantFact, ofRank, tensor } from './fact.ts'
import { MAX_ELEMENTS, readPartial } from './partial-tensor.ts'
import type { MaybeSize } from './symbols.ts'
import { ceilDivide, maximum, subtract } from './symbols.ts'

const constant: ShapeRule = (call) => [constantFact(call)]

function constantFact(call: Call): Fact | null {
  const value = call.attribute('value')
  if (value?.type === 'tensor') return new ConstantFact(value.value)
  const single = call.attribute('value_int') ?? call.attribute('value_float')
  if (single?.type === 'int') return scalar('int64', single.value)
  if (single?.type === 'float') return scalar('float32', single.value)
  const list = call.attribute('value_ints') ?? call.attribute('value_floats')
  if (list?.type === 'ints') {
    return tensor(
      'int64',
      [list.value.length],
      list.value.map((each) => fitNumber(each, 'int64')),
    )
  }
  if (list?.type === 'floats') return tensor('float32', [list.value.length], [...list.value])
  if (call.attribute('value_string') !== null) return tensor('string', [])
  const strings = call.attribute('value_strings')
  if (strings?.type === 'strings') return tensor('string', [strings.value.length])
  const sparse = call.attribute('sparse_value')
  if (sparse?.type !== 'sparse_tensor') return null
  return { ...tensor(sparse.value.values.dtype, sparse.value.dims), kind: 'sparse_tensor' }
}

function scalar(dtype: DataType, value: number | bigint): Fact {
  return tensor(dtype, [], [fitNumber(value, dtype)])
}

/** One value, float32 0 when none is given, in the shape that input 0 holds. */
const constantOfShape: ShapeRule = (call) => {
  const value = call.attribute('value')
  const given = value?.type === 'tensor' ? value.value : null
  const dtype = given?.dtype ?? 'float32'
  const shape = call.sizes(0)
  const fill = given === null ? 0 : (readPartial(given)?.elements[0] ?? null)
  const dims = smallDims(shape)
  const count = dims === null ? null : tensorSize({ dims })
  return [tensor(dtype, shape, count === null ? null : Array<Element>(count).fill(fill))]
}

/** ⌈(limit - start) / delta⌉ numbers, none when negative. */
const range: ShapeRule = (call) => {
  const dtype = call.dtype(0)
  const [start, limit, delta] = [0, 1, 2].map((index) => call.data(index)?.elements[0] ?? null)
  const count = rangeCount(start ?? null, limit ?? null, delta ?? null)
  if (typeof count !== 'number' || count > MAX_ELEMENTS || dtype === 'none') {
    return [tensor(dtype, [count])]
  }
  // The runtime adds up delta; in floating point that rounds otherwise than start + i·delta.
  const exact = DATA_TYPES[dtype].family !== 'float' || Number.isInteger(delta)
  const elements = Array.from({ length: count }, (_, index): Element => {
    if (!exact) return null
    return addElements(start ?? null, multiplyElements(index, delta ?? null, dtype), dtype)
  })
  return [tensor(dtype, [count], elements)]
}

function rangeCount(start: Element, limit: Element, delta: Element): MaybeSize {
  if (isConcrete(start) && isConcrete(limit) && isConcrete(delta)) {
    const count = Math.ceil((Number(limit) - Number(start)) / Number(delta))
    return Number.isFinite(count) ? Math.max(0, count) : null
  }
  const [from, to] = [sizeOf(start), sizeOf(limit)]
  if (typeof delta !== 'number' || !Number.isInteger(delta) || delta === 0) return null
  const distance = delta > 0 ? subtract(to, from) : subtract(from, to)
  return maximum(ceilDivide(distance, Math.abs(delta)), 0)
}

const random: ShapeRule = (call) => [
  tensor(dtypeAttribute(call, 'dtype', 'float32'), call.ints('shape')),
]

const randomLike: ShapeRule = (call) => [
  tensor(dtypeAttribute(call, 'dtype', call.dtype(0)), call.shape(0)),
]

/** [batch, classes] → [batch, samples]. */
const multinomial: ShapeRule = (call) => [
  tensor(dtypeAttribute(call, 'dtype', 'int32'), [call.dim(0, 0), call.int('sample_size', 1)]),
]

const eyeLike: ShapeRule = (call) => [
  call.shape(0) === null
    ? ofRank(dtypeAttribute(call, 'dtype', call.dtype(0)), 2)
    : tensor(dtypeAttribute(call, 'dtype', call.dtype(0)), call.shape(0)),
]

export const GENERATION_RULES: RuleTable = {
  Bernoulli: randomLike,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  Multinomial: multinomial,
  RandomNormal: random,
  RandomNormalLike: randomLike,
  RandomUniform: random,
  RandomUniformLike: randomLike,
  Range: range,
}
