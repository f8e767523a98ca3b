// Names, strings and numbers in the textual syntax.

import { decodeText } from '../proto/text-codec.ts'
import { dtypeOfWord } from './type-words.ts'

const RESERVED: ReadonlySet<string> = new Set([
  'seq',
  'optional',
  'map',
  'sparse_tensor',
  'opaque',
  'inf',
  'nan',
  'true',
  'false',
])

export function printString(text: string): string {
  return `"${text.replace(/["\\]/gu, '\\$&')}"`
}

export function printBytes(bytes: Uint8Array): string {
  return printString(decodeText(Buffer.from(bytes), 0, bytes.length))
}

export function printName(name: string): string {
  const plain = /^[A-Za-z_]\w*$/u.test(name) && dtypeOfWord(name) === null && !RESERVED.has(name)
  return plain ? name : printString(name)
}

/** The shortest decimal that reads back as the same float32 (or float64). */
export function printFloat(value: number, precision: 'float32' | 'float64' = 'float32'): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (Object.is(value, -0)) return '-0.0'
  const digits = precision === 'float64' ? String(value) : shortestFloat32(value)
  return /^-?\d+$/u.test(digits) ? `${digits}.0` : digits
}

function shortestFloat32(value: number): string {
  for (let precision = 6; precision < 9; precision += 1) {
    const rounded = Number(value.toPrecision(precision))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(Number(value.toPrecision(9)))
}

export function printPairs(pairs: readonly (readonly [string, string])[]): string {
  const items = pairs.map(([key, value]) => `${printString(key)}: ${printString(value)}`)
  return `[${items.join(', ')}]`
}
