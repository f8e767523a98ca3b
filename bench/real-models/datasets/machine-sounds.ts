// Log-mel frames of one normal machine; an autoencoder reconstructs five frames in a row, so the input is the target.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SplitData } from './labelled-data.ts'
import { floatTensor, splitSamples } from './labelled-data.ts'

const [FRAMES, BINS, STACKED] = [200, 128, 5]

export async function machineSounds(folder: string): Promise<SplitData> {
  const file = join(folder, 'data/toyadmos/normal_id_01_00000000_hist_librosa.bin')
  const bytes = new Uint8Array(readFileSync(file))
  const frames = new Float32Array(bytes.buffer, 0, FRAMES * BINS)
  const count = FRAMES - STACKED + 1
  const size = BINS * STACKED
  const data = new Float32Array(count * size)
  for (let window = 0; window < count; window += 1) {
    data.set(frames.subarray(window * BINS, window * BINS + size), window * size)
  }
  const windows = floatTensor([count, size], data)
  return splitSamples({ inputs: { input: windows }, labels: windows }, 2, 98, 98)
}
