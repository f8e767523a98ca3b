// A JSON body: bounded, UTF-8, an object, with no key that reaches into a prototype.

import { TersorError } from '#src/domain/errors'
import { printable } from './fault-words.ts'

const FORBIDDEN: readonly string[] = ['__proto__', 'constructor', 'prototype']
const MAX_DEPTH = 64

/** @throws TersorError payload_too_large, body_required, invalid_json, body_must_be_object, invalid_string */
export async function readJson(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ value: unknown; bytes: Buffer }> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.byteLength
    if (length > maxBytes)
      throw new TersorError('payload_too_large', `a JSON body has at most ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length === 0) throw new TersorError('body_required', 'send a JSON object')
  return { value: parseObject(bytes), bytes }
}

/** @throws TersorError invalid_json, body_must_be_object, invalid_string */
export function parseObject(bytes: Buffer): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new TersorError('invalid_json', 'the body is not UTF-8')
  }
  if (depthOf(text) > MAX_DEPTH)
    throw new TersorError(
      'body_must_be_object',
      `the body is nested deeper than ${MAX_DEPTH} levels`,
    )
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new TersorError('invalid_json', faultOf((error as Error).message))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TersorError('body_must_be_object', 'the body must be a JSON object: {…}')
  }
  checkStrings(value)
  return value
}

/** From what the parser says: where, or else at what. */
function faultOf(message: string): string {
  const position = /position (\d+)/.exec(message)?.[1]
  if (position !== undefined) return `there is an error at character ${position}`
  const token = /Unexpected token '(.)'/u.exec(message)?.[1]
  if (token === undefined) return 'the body ends too early or is no JSON'
  const hint = token === 'N' || token === 'I' ? '; NaN and Infinity are no JSON' : ''
  return `there is an error at '${printable(token)}'${hint}`
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index]
    if (quoted) {
      if (char === '\\') index += 1
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1))
    else if (char === '}' || char === ']') depth -= 1
  }
  return deepest
}

function checkStrings(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\u0000') || /[\ud800-\udfff]/u.test(value)) {
      throw new TersorError('invalid_string', 'a string holds NUL or half of a surrogate pair')
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (FORBIDDEN.includes(key)) {
        throw new TersorError('invalid_json', `keys named ${FORBIDDEN.join(', ')} are not allowed`)
      }
      checkStrings(key)
      checkStrings(inner)
    }
  }
}
