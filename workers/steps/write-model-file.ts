// A model into files: one that holds its weights, or, when they do not fit into one, the model with its weights beside it.

import { closeSync, openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Model } from '#src/onnx/ir/model'
import { modelSize, writeModel } from '#src/onnx/write-model'

/** Protocol buffers end here: longer messages cannot be read by anyone. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1

/** Smaller tensors stay in the model, where settings and shapes belong. */
const BESIDE_BYTES = 1024
const BESIDE = 'model.weights'

export interface ModelFiles {
  /** The model's file, then that of its weights if there is one. */
  readonly paths: readonly [model: string, ...weights: string[]]
}

/** `path` must not exist yet. `most`: bytes that one file may have. */
export function writeModelFile(model: Model, path: string, most = MAX_MODEL_BYTES): ModelFiles {
  if (modelSize(model, 'inline') <= most) {
    writeTo(path, (sink) => {
      for (const chunk of writeModel(model, { externalData: 'inline' })) sink(chunk)
    })
    return { paths: [path] }
  }
  const beside = join(dirname(path), BESIDE)
  writeTo(beside, (sink) => {
    const externalData = { location: BESIDE, threshold: BESIDE_BYTES, sink }
    writeTo(path, (own) => {
      for (const chunk of writeModel(model, { externalData })) own(chunk)
    })
  })
  return { paths: [path, beside] }
}

function writeTo(path: string, write: (sink: (chunk: Uint8Array) => void) => void): void {
  const descriptor = openSync(path, 'wx')
  try {
    write((chunk) => {
      for (let done = 0; done < chunk.byteLength;) {
        done += writeSync(descriptor, chunk, done, chunk.byteLength - done)
      }
    })
  } finally {
    closeSync(descriptor)
  }
}
