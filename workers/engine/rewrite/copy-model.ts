// An independent copy of a model: by its bytes, so that nothing is forgotten.

import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'

/** Weights are copied into memory once. */
export function copyModel(model: Model): Model {
  return readModel(bufferRange(modelBytes(model, 'inline')))
}
