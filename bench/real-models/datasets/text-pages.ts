// Pages of 480² with drawn text lines at random places, as a text detector sees them: BGR, normalised as for ImageNet.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Samples } from '#engine/evaluate/judge'
import { sliceSamples } from '#engine/evaluate/tensor-data'
import { randomSource } from '../../random-feeds.ts'
import { decodePicture, normalise } from './decode-picture.ts'
import { floatTensor } from './labelled-data.ts'

const SIDE = 480
const [HEIGHT, WIDTH] = [48, 192]
const LINES = 300
const PER_PAGE = 9
const ROW = SIDE / PER_PAGE
const FORM = {
  layout: 'NCHW',
  order: 'BGR',
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
} as const

export async function textPages(shared: string, count: number): Promise<Samples> {
  const file = readFileSync(join(shared, 'data/ocr_lines/lines300_48x192.jpg'))
  const { rgb } = await decodePicture(file)
  const random = randomSource(7)
  const size = 3 * SIDE * SIDE
  const data = new Float32Array(count * size)
  for (let page = 0; page < count; page += 1) {
    const picture = new Uint8Array(size).fill(120 + Math.floor(random() * 100))
    for (let place = 0; place < PER_PAGE; place += 1) {
      const line = Math.floor(random() * LINES)
      const left = Math.floor(random() * (SIDE - WIDTH))
      const top = Math.floor(place * ROW)
      for (let row = 0; row < HEIGHT; row += 1) {
        const from = (line * HEIGHT + row) * WIDTH * 3
        const part = rgb.subarray(from, from + WIDTH * 3)
        picture.set(part, ((top + row) * SIDE + left) * 3)
      }
    }
    normalise(picture, FORM, data, page * size)
  }
  const fields = { x: floatTensor([count, 3, SIDE, SIDE], data) }
  return {
    count,
    batch: (start, end) => Promise.resolve({ x: sliceSamples(fields.x, start, end) }),
  }
}
