// Beginnings and ends of files as byte tokens; the label is the file's type. Every fifth sample calibrates.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { SplitData } from './labelled-data.ts'
import { classLabels, splitSamples } from './labelled-data.ts'

const TOKENS = 2048

export async function fileTypes(folder: string): Promise<SplitData> {
  const packed = gunzipSync(readFileSync(join(folder, 'data/magika/tokens_u16le_652x2048.bin.gz')))
  const count = packed.length / 2 / TOKENS
  const data = Int32Array.from({ length: count * TOKENS }, (_, index) =>
    packed.readUInt16LE(index * 2),
  )
  const labels = classLabels([...readFileSync(join(folder, 'data/magika/labels_u8.bin'))])
  const bytes = { dtype: 'int32', dims: [count, TOKENS], data } as const
  return splitSamples({ inputs: { bytes }, labels }, 5, 128, 520)
}
