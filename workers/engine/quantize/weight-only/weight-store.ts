// Where quantized weights go as they are made: into memory, or into a file where there are too many for it.

import type { ByteRange } from '#src/onnx/ir/byte-range'
import { bufferRange } from '#src/onnx/ir/byte-range'

export interface WeightStore {
  /** Keeps the bytes, which the caller does not touch again. */
  put(bytes: Uint8Array): ByteRange
}

export const MEMORY_STORE: WeightStore = { put: bufferRange }
