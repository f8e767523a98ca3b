// A picture as interleaved 8-bit RGB, and pictures as one float tensor.

import { ResizeFilterType, ResizeFit, Transformer } from '@napi-rs/image'

export interface Picture {
  readonly width: number
  readonly height: number
  /** height × width × 3 */
  readonly rgb: Uint8Array
}

export type Filter = 'linear' | 'cubic' | 'lanczos'

const FILTERS = {
  linear: ResizeFilterType.Triangle,
  cubic: ResizeFilterType.CatmullRom,
  lanczos: ResizeFilterType.Lanczos3,
} as const

export interface Geometry {
  /** Centre crop before the resize, in pixels. */
  readonly crop?: number
  /** [height, width] after stretching. */
  readonly resize?: readonly [number, number]
  readonly filter?: Filter
}

/** The library resizes before it crops, whatever the order of the calls; so the crop is done here. */
export async function decodePicture(bytes: Uint8Array, geometry: Geometry = {}): Promise<Picture> {
  const { crop, resize, filter = 'linear' } = geometry
  const decoder = new Transformer(bytes)
  const { width, height } = await decoder.metadata()
  const whole = { width, height, rgb: toRgb(await decoder.rawPixels(), width * height) }
  const picture = crop === undefined ? whole : cropCentre(whole, crop)
  if (resize === undefined) return picture
  const pixels = Transformer.fromRgbaPixels(toRgba(picture), picture.width, picture.height)
  pixels.resize({
    width: resize[1],
    height: resize[0],
    filter: FILTERS[filter],
    fit: ResizeFit.Fill,
  })
  const resized = await pixels.rawPixels()
  return { width: resize[1], height: resize[0], rgb: toRgb(resized, resize[0] * resize[1]) }
}

function cropCentre({ width, height, rgb }: Picture, side: number): Picture {
  const left = Math.floor((width - side) / 2)
  const top = Math.floor((height - side) / 2)
  const cropped = new Uint8Array(side * side * 3)
  for (let row = 0; row < side; row += 1) {
    const start = ((top + row) * width + left) * 3
    cropped.set(rgb.subarray(start, start + side * 3), row * side * 3)
  }
  return { width: side, height: side, rgb: cropped }
}

function toRgba({ rgb }: Picture): Uint8Array {
  const count = rgb.length / 3
  const rgba = new Uint8Array(count * 4).fill(255)
  for (let pixel = 0; pixel < count; pixel += 1) {
    rgba.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4)
  }
  return rgba
}

export interface Normalisation {
  readonly layout: 'NCHW' | 'NHWC'
  readonly order?: 'RGB' | 'BGR'
  /** value = (x − mean) / std, per channel or for all, x in 0…255. */
  readonly mean: number | readonly [number, number, number]
  readonly std: number | readonly [number, number, number]
}

/** Writes one sample at `offset` of `target`. */
export function normalise(
  rgb: Uint8Array,
  { layout, order = 'RGB', mean, std }: Normalisation,
  target: Float32Array,
  offset: number,
): void {
  const pixels = rgb.length / 3
  for (let channel = 0; channel < 3; channel += 1) {
    const centre = typeof mean === 'number' ? mean : mean[channel]!
    const spread = typeof std === 'number' ? std : std[channel]!
    const source = order === 'RGB' ? channel : 2 - channel
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const at = layout === 'NCHW' ? channel * pixels + pixel : pixel * 3 + channel
      target[offset + at] = (rgb[pixel * 3 + source]! - centre) / spread
    }
  }
}

function toRgb(pixels: Uint8Array, count: number): Uint8Array {
  const channels = pixels.length / count
  if (channels === 3) return pixels
  const rgb = new Uint8Array(count * 3)
  for (let pixel = 0; pixel < count; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[pixel * 3 + channel] = pixels[pixel * channels + (channels < 3 ? 0 : channel)]!
    }
  }
  return rgb
}
