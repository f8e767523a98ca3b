// What bytes that are no ONNX model are instead, by their first bytes: the message a user needs when the wrong file was sent.

import type { ByteRange } from '../ir/byte-range.ts'

const HEAD_BYTES = 64

const MAGICS: readonly (readonly [bytes: readonly number[], offset: number, name: string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], 0, 'a PNG picture'],
  [[0xff, 0xd8, 0xff], 0, 'a JPEG picture'],
  [[0x50, 0x4b, 0x03, 0x04], 0, 'a zip archive (PyTorch and Keras files are zip archives too)'],
  [[0x50, 0x4b, 0x05, 0x06], 0, 'an empty zip archive'],
  [[0x1f, 0x8b], 0, 'gzip data'],
  [[0x28, 0xb5, 0x2f, 0xfd], 0, 'zstd data'],
  [[0x89, 0x48, 0x44, 0x46], 0, 'an HDF5 file (Keras)'],
  [[0x93, 0x4e, 0x55, 0x4d], 0, 'a NumPy array'],
  [[0x25, 0x50, 0x44, 0x46], 0, 'a PDF document'],
  [[0x47, 0x47, 0x55, 0x46], 0, 'a GGUF model'],
  [[0x54, 0x46, 0x4c, 0x33], 4, 'a TensorFlow Lite model'],
  [[0x4f, 0x52, 0x54, 0x4d], 4, "a model in ONNX Runtime's own format (.ort)"],
  [[0x7f, 0x45, 0x4c, 0x46], 0, 'an ELF program'],
  [[0x80, 0x02], 0, 'a Python pickle (PyTorch)'],
  [[0x7b, 0x22], 8, 'a safetensors file'],
]

/** The format that the bytes look like, or `null` when they may well be protobuf. */
export function sniffFormat(range: ByteRange): string | null {
  const head = range.slice(0, Math.min(HEAD_BYTES, range.length)).bytes()
  for (const [magic, offset, name] of MAGICS) {
    if (magic.every((byte, index) => head[offset + index] === byte)) return name
  }
  const text = new TextDecoder('latin1').decode(head).trimStart().toLowerCase()
  if (/^<(!doctype|html|head|body|\?xml|!--)/u.test(text)) return 'an HTML or XML page'
  if (text.startsWith('version https://git-lfs'))
    return 'a Git LFS pointer, not the file it points to'
  if (/^[{[]\s*["{[\]}\d]/u.test(text)) return 'JSON'
  if (/^<[\s]*[a-z_]+\s*:/u.test(text)) return 'the textual form of ONNX'
  return null
}
