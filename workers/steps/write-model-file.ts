// A model into one file, weights included.

import { closeSync, openSync, writeSync } from 'node:fs'
import { TersorError } from '#src/domain/errors'
import type { Model } from '#src/onnx/ir/model'
import { modelSize, writeModel } from '#src/onnx/write-model'

/** Protocol buffers end here: longer messages cannot be read by anyone. */
const MAX_BYTES = 2 ** 31 - 1

/** @throws TersorError tensor_too_large when the weights do not fit into one file */
export function writeModelFile(model: Model, path: string): number {
  const size = modelSize(model, 'inline')
  if (size > MAX_BYTES) {
    throw new TersorError('tensor_too_large', `the result has ${size} bytes, one file holds 2 GiB`)
  }
  const descriptor = openSync(path, 'wx')
  try {
    for (const chunk of writeModel(model, { externalData: 'inline' })) {
      for (let done = 0; done < chunk.byteLength;) {
        done += writeSync(descriptor, chunk, done, chunk.byteLength - done)
      }
    }
  } finally {
    closeSync(descriptor)
  }
  return size
}
