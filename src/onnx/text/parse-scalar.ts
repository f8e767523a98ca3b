// Numbers and pairs of strings.

import type { Message } from '../proto/schema.ts'
import type { Lexer } from './lexer.ts'

const WORDS = new Map<string, number>([
  ['inf', Infinity],
  ['nan', Number.NaN],
  ['true', 1],
  ['false', 0],
])

export function atNumber(lexer: Lexer): boolean {
  const { kind, text } = lexer.token
  return kind === 'int' || kind === 'float' || (kind === 'word' && WORDS.has(text))
}

/** A whole number as bigint, everything else as number. */
export function parseNumber(lexer: Lexer): number | bigint {
  const { kind, text } = lexer.token
  if (kind === 'int') return lexer.int()
  if (kind === 'float') {
    lexer.take()
    return text.endsWith('inf') ? Number(text.replace('inf', 'Infinity')) : Number(text)
  }
  const value = kind === 'word' ? WORDS.get(text) : undefined
  if (value === undefined) throw lexer.error('expected a number')
  lexer.take()
  return value
}

/** `["key": "value", …]`. */
export function parsePairs(lexer: Lexer): Message<'StringStringEntryProto'>[] {
  return lexer.list('[', ']', () => {
    const key = lexer.string()
    lexer.expect(':')
    return { key, value: lexer.string() }
  })
}
