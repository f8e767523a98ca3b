// Weights on disk as they are made, so that those of a model of several gigabytes need no memory.

import { mkdtempSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { WeightStore } from '#engine/quantize/weight-only/weight-store'
import { bufferRange, fileRange } from '#src/onnx/ir/byte-range'

/** Smaller ones stay in memory: a thousand of them are less than one weight. */
const KEPT_BYTES = 2 ** 16

/**
 * The file has no name and is gone with the process, which runs one job: tensors of the result read from it until the end.
 * `folder` exists.
 */
export function openSpillFile(folder: string): WeightStore {
  const path = join(mkdtempSync(join(folder, 'spill-')), 'weights')
  let descriptor = -1
  let end = 0
  return {
    put: (bytes) => {
      if (bytes.byteLength < KEPT_BYTES) return bufferRange(bytes)
      if (descriptor < 0) {
        descriptor = openSync(path, 'wx+')
        unlinkSync(path)
      }
      const start = end
      for (let done = 0; done < bytes.byteLength;) {
        done += writeSync(descriptor, bytes, done, bytes.byteLength - done, start + done)
      }
      end += bytes.byteLength
      return fileRange(descriptor, start, bytes.byteLength)
    },
  }
}
