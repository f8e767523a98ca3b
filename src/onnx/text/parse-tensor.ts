// Constants: `{1, 2, 3}`, `["location": "weights.bin", "offset": "64"]`, and for tests `random(seed)`, `random(seed, scale)`,
// `full(value)`, which ONNX's own syntax does not have.

import type { DataType } from '../ir/data-type.ts'
import { DATA_TYPES } from '../ir/data-type.ts'
import { tensorSize } from '../ir/tensor.ts'
import { makeTensor } from '../make-tensor.ts'
import { encodeText } from '../proto/text-codec.ts'
import type { Message } from '../proto/schema.ts'
import { tensorMessage } from '../write/write-tensor.ts'
import type { Lexer } from './lexer.ts'
import { parseNumber, parsePairs } from './parse-scalar.ts'
import { parseTensorHead } from './parse-type.ts'
import { randomValues } from './random-values.ts'

/** The data of a constant whose type and sizes are known. */
export function parseTensorData(
  lexer: Lexer,
  name: string,
  dtype: DataType,
  dims: readonly number[],
): Message<'TensorProto'> {
  const head: Message<'TensorProto'> = {
    ...(dims.length > 0 ? { dims: dims.map(BigInt) } : {}),
    data_type: DATA_TYPES[dtype].code,
    ...(name === '' ? {} : { name }),
  }
  if (lexer.is('[')) return { ...head, external_data: parsePairs(lexer), data_location: 1 }
  if (dtype === 'string') {
    return { ...head, string_data: lexer.list('{', '}', () => encodeText(lexer.string())) }
  }
  const values = lexer.is('{')
    ? lexer.list('{', '}', () => parseNumber(lexer))
    : generated(lexer, dtype, tensorSize({ dims }))
  return tensorMessage(makeTensor(name, dtype, dims, values), name, 'keep')
}

export function sizesOf(lexer: Lexer, shape: Message<'TensorShapeProto'> | undefined): number[] {
  return (shape?.dim ?? []).map(({ dim_value }) => {
    if (dim_value === undefined) throw lexer.error('a constant needs sizes that are numbers')
    return Number(dim_value)
  })
}

/** `float[2] {1, 2} at int64[2] {3, 7}`, after the type; ONNX's own syntax has no such form. */
export function parseSparseData(
  lexer: Lexer,
  name: string,
  dims: readonly number[],
): Message<'SparseTensorProto'> {
  const head = parseTensorHead(lexer)
  const values = parseTensorData(lexer, name, head.dtype, head.dims)
  if (lexer.word() !== 'at') throw lexer.error("expected 'at' before")
  const { dtype, dims: sizes } = parseTensorHead(lexer)
  return { values, indices: parseTensorData(lexer, '', dtype, sizes), dims: dims.map(BigInt) }
}

function generated(lexer: Lexer, dtype: DataType, count: number): (number | bigint)[] {
  const generator = lexer.word()
  const parameters = lexer.list('(', ')', () => parseNumber(lexer))
  const [first = 0, second = 1] = parameters
  if (generator === 'full') return Array.from({ length: count }, () => first)
  if (generator === 'random') return randomValues(Number(first), Number(second), dtype, count)
  throw lexer.error(`'${generator}' generates no values; use random or full`)
}
