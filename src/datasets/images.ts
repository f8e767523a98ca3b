// Pictures in a zip, decoded in slices while they are used. Only headers are read when the archive is described.

import { ResizeFilterType, ResizeFit, Transformer } from '@napi-rs/image'
import { imageSize } from 'image-size'
import type { ArchiveEntry } from '#src/archives/open-archive'
import { openArchive } from '#src/archives/open-archive'
import { TersorError } from '#src/domain/errors'
import type { DatasetField } from '#src/domain/records'
import type { ImagePreprocess } from '#src/recipes/image-preprocess'
import { labelledImages } from './image-labels.ts'
import type { ImageSize } from './preprocess-image.ts'
import { croppedSize, fillSample, resizedSize, sampleShape } from './preprocess-image.ts'
import type { FieldSlice, SampleSource } from './sample-source.ts'

/** Pixels of one picture; a picture decodes to three bytes each. */
const MAX_PIXELS = 64 * 2 ** 20
const MAX_FILE_BYTES = 64 * 2 ** 20

export interface ImagesDescription {
  readonly samples: number
  readonly fields: readonly DatasetField[]
  readonly classes: readonly string[] | number | null
}

/** Throws TersorError `image_invalid`, `image_too_many_pixels`, `dataset_*`, `archive_*`. */
export async function describeImages(
  path: string,
  preprocess: ImagePreprocess,
): Promise<ImagesDescription> {
  const archive = await openArchive(path)
  try {
    const { images, labels, classes } = await labelledImages(archive)
    let common: ImageSize | null = null
    for (const image of images) {
      const size = finalSize(image.name, await headerSize(image), preprocess)
      if (common !== null && (size[0] !== common[0] || size[1] !== common[1])) {
        const detail = `picture '${image.name}' becomes ${size[0]}×${size[1]}, others ${common[0]}×${common[1]}; give resize and crop in preprocess`
        throw new TersorError('dataset_unusable', detail)
      }
      common = size
    }
    const shape = [images.length, ...sampleShape(common!, preprocess)]
    const fields: DatasetField[] = [{ name: preprocess.input, dtype: 'float32', shape }]
    if (labels !== null) fields.push({ name: 'labels', dtype: 'int64', shape: [images.length] })
    return { samples: images.length, fields, classes }
  } finally {
    archive.close()
  }
}

export async function openImages(
  path: string,
  preprocess: ImagePreprocess,
  fields: readonly DatasetField[],
): Promise<SampleSource> {
  const archive = await openArchive(path)
  const { images, labels } = await labelledImages(archive)
  const sample = fields.find((field) => field.name === preprocess.input)!.shape.slice(1)
  const sampleSize = sample.reduce((product, dim) => product * dim, 1)
  return {
    count: images.length,
    fields,
    batch: async (start, end) => {
      const data = new Float32Array((end - start) * sampleSize)
      for (let index = start; index < end; index += 1) {
        await decodeInto(images[index]!, preprocess, data, (index - start) * sampleSize)
      }
      const slices: Record<string, FieldSlice> = {
        [preprocess.input]: { dtype: 'float32', dims: [end - start, ...sample], data },
      }
      if (labels !== null) {
        const values = BigInt64Array.from(labels.slice(start, end), BigInt)
        slices['labels'] = { dtype: 'int64', dims: [end - start], data: values }
      }
      return slices
    },
    close: async () => archive.close(),
  }
}

async function headerSize(image: ArchiveEntry): Promise<ImageSize> {
  if (image.size > MAX_FILE_BYTES) {
    throw new TersorError(
      'image_invalid',
      `picture '${image.name}' has ${image.size} bytes, at most ${MAX_FILE_BYTES} are allowed`,
    )
  }
  let size: { width: number; height: number; orientation?: number }
  try {
    size = imageSize(await image.bytes())
  } catch (error) {
    throw new TersorError(
      'image_invalid',
      `picture '${image.name}' has no header of a known format`,
      { cause: error },
    )
  }
  if (size.width * size.height > MAX_PIXELS) {
    throw new TersorError(
      'image_too_many_pixels',
      `picture '${image.name}' has ${size.width}×${size.height} pixels, at most ${MAX_PIXELS} are allowed`,
    )
  }
  // EXIF orientations 5 to 8 turn the picture by a quarter.
  return (size.orientation ?? 1) >= 5 ? [size.width, size.height] : [size.height, size.width]
}

function finalSize(name: string, original: ImageSize, preprocess: ImagePreprocess): ImageSize {
  const resized = resizedSize(original, preprocess.resize)
  const size = croppedSize(resized, preprocess.crop)
  if (size !== null) return size
  throw new TersorError(
    'dataset_unusable',
    `picture '${name}' is ${resized[0]}×${resized[1]}, smaller than the crop`,
  )
}

async function decodeInto(
  image: ArchiveEntry,
  preprocess: ImagePreprocess,
  target: Float32Array,
  offset: number,
): Promise<void> {
  const original = await headerSize(image)
  const resized = resizedSize(original, preprocess.resize)
  const size = finalSize(image.name, original, preprocess)
  try {
    const transformer = new Transformer(await image.bytes()).rotate()
    if (resized !== original) {
      const [height, width] = resized
      transformer.resize({ width, height, filter: ResizeFilterType.Triangle, fit: ResizeFit.Fill })
    }
    if (size !== resized) {
      const left = Math.floor((resized[1] - size[1]) / 2)
      const top = Math.floor((resized[0] - size[0]) / 2)
      transformer.crop(left, top, size[1], size[0])
    }
    const pixels = await transformer.rawPixels()
    fillSample(toRgb(pixels, size), size, preprocess, target, offset)
  } catch (error) {
    throw new TersorError('image_invalid', `picture '${image.name}' cannot be decoded`, {
      cause: error,
    })
  }
}

/** The decoder keeps a picture's own channels: grey, grey with alpha, RGB or RGBA. Alpha is dropped. */
function toRgb(pixels: Uint8Array, [height, width]: ImageSize): Uint8Array {
  const channels = pixels.length / (height * width)
  if (channels === 3) return pixels
  const rgb = new Uint8Array(height * width * 3)
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[pixel * 3 + channel] = pixels[pixel * channels + (channels < 3 ? 0 : channel)]!
    }
  }
  return rgb
}
