// Protobuf strings ↔ JavaScript strings, without loss: bytes that are no UTF-8 become lone surrogates U+DC80…U+DCFF
// (the scheme of PEP 383), which valid UTF-8 cannot contain.

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const REPLACEMENT = '\uFFFD'
const ESCAPED_BYTE = /[\uDC80-\uDCFF]/u

export function decodeText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end)
  return text.includes(REPLACEMENT) ? decodeEscaping(bytes.subarray(start, end)) : text
}

function decodeEscaping(bytes: Uint8Array): string {
  let text = ''
  let index = 0
  while (index < bytes.length) {
    const length = sequenceLength(bytes[index] ?? 0)
    const sequence = bytes.subarray(index, index + length)
    const character = decodeStrictly(sequence)
    if (character === null) {
      text += String.fromCharCode(0xdc00 + (bytes[index] ?? 0))
      index += 1
    } else {
      text += character
      index += length
    }
  }
  return text
}

function sequenceLength(first: number): number {
  if (first < 0xc0) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return STRICT.decode(bytes)
  } catch {
    return null
  }
}

export function encodeText(text: string): Buffer {
  if (!ESCAPED_BYTE.test(text)) return Buffer.from(text, 'utf8')
  const parts = [...text].map((character) => {
    const code = character.codePointAt(0) ?? 0
    const escaped = code >= 0xdc80 && code <= 0xdcff
    return escaped ? Buffer.of(code - 0xdc00) : Buffer.from(character, 'utf8')
  })
  return Buffer.concat(parts)
}
