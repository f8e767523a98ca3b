// Types: `float` (a scalar), `float[]` (unknown rank), `float[N, 3, ?]`, `seq(…)`, `optional(…)`, `map(int64, …)`, `sparse_tensor(…)`.

import { DATA_TYPES } from '../ir/data-type.ts'
import type { DataType } from '../ir/data-type.ts'
import type { Message } from '../proto/schema.ts'
import type { Lexer } from './lexer.ts'
import { dtypeOfWord } from './type-words.ts'

const COMPOUND: ReadonlySet<string> = new Set(['seq', 'optional', 'map', 'sparse_tensor', 'opaque'])

/** A type comes next, not a name: a word for a type that something other than a separator follows. */
export function atType(lexer: Lexer): boolean {
  const { kind, text } = lexer.token
  if (kind !== 'word') return false
  if (COMPOUND.has(text)) return lexer.lookahead.text === '('
  if (dtypeOfWord(text) === null) return false
  const after = lexer.lookahead
  return after.kind !== 'sign' || after.text === '[' || after.text === '{'
}

export function parseType(lexer: Lexer): Message<'TypeProto'> {
  const word = lexer.word()
  switch (word) {
    case 'seq':
      return { sequence_type: { elem_type: inParentheses(lexer, () => parseType(lexer)) } }
    case 'optional':
      return { optional_type: { elem_type: inParentheses(lexer, () => parseType(lexer)) } }
    case 'sparse_tensor':
      return {
        sparse_tensor_type: inParentheses(lexer, () => parseTensorType(lexer, lexer.word())),
      }
    case 'map':
      return { map_type: inParentheses(lexer, () => parseMap(lexer)) }
    case 'opaque':
      return {
        opaque_type: inParentheses(lexer, () => {
          const domain = lexer.string()
          lexer.expect(',')
          return { domain, name: lexer.string() }
        }),
      }
    default:
      return { tensor_type: parseTensorType(lexer, word) }
  }
}

function inParentheses<Result>(lexer: Lexer, parse: () => Result): Result {
  lexer.expect('(')
  const result = parse()
  lexer.expect(')')
  return result
}

function parseMap(lexer: Lexer): Message<'MapTypeProto'> {
  const key_type = codeOf(lexer, lexer.word())
  lexer.expect(',')
  return { key_type, value_type: parseType(lexer) }
}

function codeOf(lexer: Lexer, word: string): number {
  const dtype = dtypeOfWord(word)
  if (dtype === null) throw lexer.error(`'${word}' is no element type`)
  return dtype === 'none' ? 0 : DATA_TYPES[dtype].code
}

function parseTensorType(lexer: Lexer, word: string): Message<'TensorTypeProto'> {
  const elem_type = codeOf(lexer, word)
  if (!lexer.is('[')) return { elem_type, shape: {} }
  const dim = lexer.list('[', ']', () => parseDim(lexer))
  return dim.length === 0 ? { elem_type } : { elem_type, shape: { dim } }
}

function parseDim(lexer: Lexer): Message<'DimensionProto'> {
  if (lexer.skip('?')) return {}
  return lexer.token.kind === 'int' ? { dim_value: lexer.int() } : { dim_param: lexer.name() }
}

/** Element type and sizes of a constant: `float[2, 3]`, or `float` for a scalar. */
export function parseTensorHead(lexer: Lexer): { dtype: DataType; dims: number[] } {
  const dtype = dtypeOfWord(lexer.word())
  if (dtype === null || dtype === 'none') throw lexer.error('expected an element type before')
  const dims = lexer.is('[') ? lexer.list('[', ']', () => Number(lexer.int())) : []
  return { dtype, dims }
}
