// Spoken keywords: 49 × 10 cepstral coefficients as int8; every fifth sample calibrates.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SplitData } from './labelled-data.ts'
import { classLabels, floatTensor, splitSamples } from './labelled-data.ts'

export async function keywords(folder: string): Promise<SplitData> {
  const bytes = readFileSync(join(folder, 'data/kws/mfcc_i8_600x49x10.bin'))
  const features = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const data = Float32Array.from(features, (value) => (value - 83) * 0.584_702_9)
  const labels = classLabels([...readFileSync(join(folder, 'data/kws/labels_u8.bin'))])
  const count = labels.data.length
  const all = { inputs: { input: floatTensor([count, 1, 49, 10], data) }, labels }
  return splitSamples(all, 5, 120, 480)
}
