// safetensors: 8 bytes of little-endian header length, a JSON header {name: {dtype, shape, data_offsets}}, then the bytes.

import { open } from 'node:fs/promises'
import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import type { DataType } from '#src/onnx/ir/data-type'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { ArrayDescription, ArrayLocation } from './array-source.ts'
import { describeArrays, openArrays } from './array-source.ts'
import type { SampleSource } from './sample-source.ts'

const MAX_HEADER_BYTES = 16 * 2 ** 20

const DTYPES: Record<string, DataType> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(16),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
})

export async function describeSafetensors(path: string): Promise<ArrayDescription> {
  return describeArrays(await readHeader(path))
}

export async function openSafetensors(
  path: string,
  wanted: readonly string[],
): Promise<SampleSource> {
  const arrays = await readHeader(path)
  return openArrays(arrays.filter((array) => wanted.includes(array.name)))
}

const refuse = (detail: string) => new TersorError('dataset_invalid', `safetensors: ${detail}`)

async function readHeader(path: string): Promise<ArrayLocation[]> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const prefix = Buffer.alloc(8)
    const { bytesRead } = await file.read(prefix, 0, 8, 0)
    const length = bytesRead === 8 ? prefix.readBigUInt64LE(0) : 0n
    if (length === 0n || length > BigInt(Math.min(MAX_HEADER_BYTES, size - 8))) {
      throw refuse('the file does not begin with the length of its header')
    }
    const text = Buffer.alloc(Number(length))
    await file.read(text, 0, text.length, 8)
    return parseHeader(text, path, size)
  } finally {
    await file.close()
  }
}

function parseHeader(text: Buffer, path: string, size: number): ArrayLocation[] {
  let header: unknown
  try {
    header = JSON.parse(text.toString('utf8'))
  } catch {
    throw refuse('the header is not JSON')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw refuse('the header is not an object')
  const dataStart = 8 + text.length
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__')
  return entries.map(([name, value]) => locate(name, value, path, dataStart, size))
}

function locate(
  name: string,
  value: unknown,
  path: string,
  dataStart: number,
  size: number,
): ArrayLocation {
  const parsed = entrySchema.safeParse(value)
  if (!parsed.success) throw refuse(`array '${name}' lacks dtype, shape or data_offsets`)
  const { shape, data_offsets: offsets } = parsed.data
  const dtype = DTYPES[parsed.data.dtype]
  if (dtype === undefined) {
    const allowed = Object.keys(DTYPES).join(', ')
    throw new TersorError(
      'dtype_not_allowed',
      `array '${name}' has dtype '${parsed.data.dtype}'; ${allowed} are allowed`,
    )
  }
  const bytes = shape.reduce(
    (product, dim) => product * dim,
    (DATA_TYPES[dtype].bits as number) / 8,
  )
  const [begin, end] = offsets
  if (end - begin !== bytes || dataStart + end > size) {
    const detail = `array '${name}' of shape [${shape.join(', ')}] and dtype ${dtype} takes ${bytes} bytes, its offsets give ${end - begin} of ${size - dataStart} in the file`
    throw new TersorError('size_mismatch', detail)
  }
  return { name, dtype, shape, path, offset: dataStart + begin }
}
