// COCO pictures with boxes, with masks, and made smaller: samples that are decoded as they are read.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ResizeFilterType, ResizeFit, Transformer } from '@napi-rs/image'
import type { Samples } from '#engine/evaluate/judge'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { decodePicture, normalise } from './decode-picture.ts'
import type { Normalisation, Picture } from './decode-picture.ts'
import { floatTensor } from './labelled-data.ts'

type Sample = Readonly<Record<string, RuntimeTensor>>

function readSamples(count: number, read: (index: number) => Promise<Sample>): Samples {
  return {
    count,
    batch: async (start, end) => {
      const samples: Sample[] = []
      for (let index = start; index < end; index += 1) samples.push(await read(index))
      const names = Object.keys(samples[0] ?? {})
      return Object.fromEntries(
        names.map((name) => [name, joined(samples.map((one) => one[name]!))]),
      )
    },
  }
}

function joined(tensors: readonly RuntimeTensor[]): RuntimeTensor {
  const [{ dtype, dims, data }] = tensors as readonly [RuntimeTensor]
  const make = data.constructor as new (length: number) => Float32Array
  const all = new make(data.length * tensors.length)
  for (const [index, tensor] of tensors.entries()) {
    all.set(tensor.data as Float32Array, index * data.length)
  }
  return { dtype, dims: [tensors.length, ...dims.slice(1)], data: all }
}

/** The longest side made `side` long, the rest of the square filled. */
async function letterbox(
  bytes: Uint8Array,
  side: number,
  fill: number,
): Promise<{ picture: Picture; scale: number }> {
  const { width, height } = await new Transformer(bytes).metadata()
  const scale = side / Math.max(width, height)
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)]
  const { rgb } = await decodePicture(bytes, { resize: [h, w] })
  const square = new Uint8Array(side * side * 3).fill(fill)
  for (let row = 0; row < h; row += 1) {
    square.set(rgb.subarray(row * w * 3, (row + 1) * w * 3), row * side * 3)
  }
  return { picture: { width: side, height: side, rgb: square }, scale }
}

function planes({ width, height, rgb }: Picture, form: Normalisation): RuntimeTensor {
  const data = new Float32Array(3 * width * height)
  normalise(rgb, form, data, 0)
  return floatTensor([1, 3, height, width], data)
}

const PLACES = 32
type Row = readonly [label: number, x: number, y: number, w: number, h: number]

/** YOLOX: 416², BGR 0…255, the picture at the top left. */
export function cocoBoxes(shared: string, input: string): Samples {
  const folder = join(shared, 'data/coco128')
  const file = readFileSync(join(folder, 'boxes_yolo.json'), 'utf8')
  const pictures = Object.entries(JSON.parse(file) as Record<string, readonly Row[]>)
  const form = { layout: 'NCHW', order: 'BGR', mean: 0, std: 1 } as const
  return readSamples(pictures.length, async (index) => {
    const [name, rows] = pictures[index]!
    const bytes = readFileSync(join(folder, 'images', name))
    const { width, height } = await new Transformer(bytes).metadata()
    const { picture, scale } = await letterbox(bytes, 416, 114)
    const boxes = new Float32Array(4 * PLACES)
    const classes = new BigInt64Array(PLACES).fill(-1n)
    for (const [place, [label, x, y, w, h]] of rows.entries()) {
      const [sideX, sideY] = [width * scale, height * scale]
      boxes.set(
        [(x - w / 2) * sideX, (y - h / 2) * sideY, (x + w / 2) * sideX, (y + h / 2) * sideY],
        4 * place,
      )
      classes[place] = BigInt(label)
    }
    return {
      [input]: planes(picture, form),
      boxes: floatTensor([1, PLACES, 4], boxes),
      classes: { dtype: 'int64', dims: [1, PLACES], data: classes },
    }
  })
}

/** COCO's number of each class of Pascal VOC, background first. */
const VOC = [-1, 5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72]
const SIDE = 513

/** DeepLab: 513², (x − 128) / 128, the rest of the square 127.5 (here 128). Pixels without a label count for nothing. */
export function cocoMasks(shared: string, input: string): Samples {
  const folder = join(shared, 'data/coco128')
  const masks = readdirSync(join(folder, 'semantic_masks')).toSorted()
  const form = { layout: 'NCHW', mean: 128, std: 128 } as const
  return readSamples(masks.length, async (index) => {
    const name = masks[index]!
    const bytes = readFileSync(join(folder, 'images', name.replace('.png', '.jpg')))
    const { picture, scale } = await letterbox(bytes, SIDE, 128)
    const decoder = new Transformer(readFileSync(join(folder, 'semantic_masks', name)))
    const { width, height } = await decoder.metadata()
    const pixels = await decoder.rawPixels()
    const step = pixels.length / (width * height)
    const labels = new Uint8Array(SIDE * SIDE).fill(255)
    for (let y = 0; y < Math.min(SIDE, Math.round(height * scale)); y += 1) {
      const row = Math.min(height - 1, Math.floor((y + 0.5) / scale)) * width
      for (let x = 0; x < Math.min(SIDE, Math.round(width * scale)); x += 1) {
        const column = Math.min(width - 1, Math.floor((x + 0.5) / scale))
        const label = pixels[(row + column) * step]!
        if (label !== 0) labels[y * SIDE + x] = Math.max(0, VOC.indexOf(label))
      }
    }
    return {
      [input]: planes(picture, form),
      labels: { dtype: 'uint8', dims: [1, SIDE, SIDE], data: labels },
    }
  })
}

const LARGE = 240

/** ESPCN: the luma of a third of the middle of each picture, to be made large again. */
export function smallPictures(shared: string, input: string): Samples {
  const folder = join(shared, 'data/coco128/images')
  const names = readdirSync(folder).toSorted()
  return readSamples(names.length, async (index) => {
    const bytes = readFileSync(join(folder, names[index]!))
    const large = await decodePicture(bytes, { crop: LARGE, resize: [LARGE, LARGE] })
    const rgba = new Uint8Array(4 * LARGE * LARGE).fill(255)
    for (let pixel = 0; pixel < LARGE * LARGE; pixel += 1) {
      rgba.set(large.rgb.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel)
    }
    const shrinking = Transformer.fromRgbaPixels(rgba, LARGE, LARGE)
    const side = LARGE / 3
    shrinking.resize({
      width: side,
      height: side,
      filter: ResizeFilterType.CatmullRom,
      fit: ResizeFit.Fill,
    })
    return {
      [input]: floatTensor([1, 1, side, side], luma(await shrinking.rawPixels(), 4)),
      labels: floatTensor([1, 1, LARGE, LARGE], luma(large.rgb, 3)),
    }
  })
}

/** BT.601, 0…1. */
function luma(pixels: Uint8Array, step: number): Float32Array {
  return Float32Array.from({ length: pixels.length / step }, (_, pixel) => {
    const [r, g, b] = [pixels[pixel * step]!, pixels[pixel * step + 1]!, pixels[pixel * step + 2]!]
    return (16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255) / 255
  })
}
