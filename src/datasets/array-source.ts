// Samples of arrays that lie as plain bytes in files: what npz and safetensors come down to.

import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { TersorError } from '#src/domain/errors'
import type { DatasetField } from '#src/domain/records'
import type { DataType } from '#src/onnx/ir/data-type'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { SampleSource } from './sample-source.ts'
import { typedView } from './sample-source.ts'

/** Where an array's elements lie. */
export interface ArrayLocation {
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly path: string
  /** Bytes before the first element. */
  readonly offset: number
}

export interface ArrayDescription {
  readonly samples: number
  readonly fields: readonly DatasetField[]
}

/** Fields and number of samples. All arrays must agree on the first axis. Throws TersorError. */
export function describeArrays(
  arrays: readonly {
    readonly name: string
    readonly dtype: DataType
    readonly shape: readonly number[]
  }[],
): ArrayDescription {
  const first = arrays[0]
  if (first === undefined) throw new TersorError('dataset_unusable', 'the dataset holds no array')
  for (const array of arrays) {
    if (array.shape.length === 0) {
      throw new TersorError(
        'dataset_unusable',
        `array '${array.name}' is a scalar; its first axis must be the samples`,
      )
    }
    if (array.shape[0] !== first.shape[0]) {
      const detail = `array '${array.name}' has ${array.shape[0]} samples, '${first.name}' has ${first.shape[0]}`
      throw new TersorError('dataset_unusable', detail)
    }
  }
  const samples = first.shape[0]!
  if (samples === 0) throw new TersorError('dataset_unusable', 'the dataset holds no sample')
  return { samples, fields: arrays.map(({ name, dtype, shape }) => ({ name, dtype, shape })) }
}

export async function openArrays(arrays: readonly ArrayLocation[]): Promise<SampleSource> {
  const { samples, fields } = describeArrays(arrays)
  const files = new Map<string, FileHandle>()
  for (const { path } of arrays) if (!files.has(path)) files.set(path, await open(path, 'r'))
  return {
    count: samples,
    fields,
    batch: async (start, end) => {
      const slices = arrays.map(
        async (array) =>
          [array.name, await readRows(files.get(array.path)!, array, start, end)] as const,
      )
      return Object.fromEntries(await Promise.all(slices))
    },
    close: async () => {
      for (const file of files.values()) await file.close()
    },
  }
}

async function readRows(file: FileHandle, array: ArrayLocation, start: number, end: number) {
  const inner = array.shape.slice(1)
  const rowBytes = inner.reduce(
    (product, dim) => product * dim,
    (DATA_TYPES[array.dtype].bits as number) / 8,
  )
  const bytes = new Uint8Array((end - start) * rowBytes)
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await file.read(
      bytes,
      done,
      bytes.length - done,
      array.offset + start * rowBytes + done,
    )
    if (bytesRead === 0) throw new TersorError('size_mismatch', `array '${array.name}' ends early`)
    done += bytesRead
  }
  return { dtype: array.dtype, dims: [end - start, ...inner], data: typedView(array.dtype, bytes) }
}
