// Drawn text lines, upright (0) or turned by 180 degrees (1), stacked in one picture. Every fifth calibrates.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodePicture, normalise } from './decode-picture.ts'
import type { SplitData } from './labelled-data.ts'
import { classLabels, floatTensor, splitSamples } from './labelled-data.ts'

const [HEIGHT, WIDTH] = [48, 192]

export async function textLines(folder: string): Promise<SplitData> {
  const root = join(folder, 'data/ocr_lines')
  const labels = readFileSync(join(root, 'labels.txt'), 'utf8').trim().split(/\s+/u).map(Number)
  const { rgb } = await decodePicture(readFileSync(join(root, 'lines300_48x192.jpg')))
  const size = HEIGHT * WIDTH * 3
  const data = new Float32Array(labels.length * size)
  const normalisation = { layout: 'NCHW', order: 'BGR', mean: 127.5, std: 127.5 } as const
  labels.forEach((_, line) => {
    normalise(rgb.subarray(line * size, (line + 1) * size), normalisation, data, line * size)
  })
  const x = floatTensor([labels.length, 3, HEIGHT, WIDTH], data)
  return splitSamples({ inputs: { x }, labels: classLabels(labels) }, 5, 60, 240)
}
