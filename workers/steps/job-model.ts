// The model of a job as files: read once, its weights left where they lie.

import { closeSync, fstatSync, openSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { unzipModel } from '#src/archives/unzip-model'
import type { ByteRange } from '#src/onnx/ir/byte-range'
import { fileRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import type { CompressRequest } from '#workers/sandbox/protocol'

export interface JobModel {
  /** A new copy at each call; its tensors are ranges of the files. */
  read(): Model
  /** For the runtime: external data lies beside it. */
  readonly path: string
  /** The model's file and those of its external data. */
  readonly files: readonly string[]
  readonly sizeBytes: number
  close(): void
}

/** `folder` must not exist yet. @throws TersorError archive_*; OnnxError */
export async function openJobModel(
  { path, container }: CompressRequest['model'],
  folder: string,
): Promise<JobModel> {
  const unzipped = container === 'zip' ? await unzipModel(path, folder) : null
  const open: number[] = []
  const rangeOf = (file: string): ByteRange => {
    const descriptor = openSync(file, 'r')
    open.push(descriptor)
    return fileRange(descriptor, 0, fstatSync(descriptor).size)
  }
  const modelPath = unzipped?.modelPath ?? path
  const externalData =
    unzipped === null
      ? undefined
      : (location: string): ByteRange | null =>
          unzipped.members.includes(location)
            ? rangeOf(realpathSync(join(unzipped.folder, location)))
            : null
  const members = unzipped?.members.map((name) => join(unzipped.folder, name)) ?? []
  const files = [modelPath, ...members]
  return {
    read: () => readModel(rangeOf(modelPath), externalData === undefined ? {} : { externalData }),
    path: modelPath,
    files,
    sizeBytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    close: () => {
      for (const descriptor of open) closeSync(descriptor)
    },
  }
}
