// Labelled samples of the reference data for the models they belong to, as feeds of one sample each. Where a set has no training
// part, calibration takes every fifth sample and the score the others.

import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Transformer } from '@napi-rs/image'
import type { RuntimeTensor } from '#engine/runtime/runtime'

export interface LabelledSample {
  readonly feeds: Readonly<Record<string, RuntimeTensor>>
  readonly label: number
}

export interface LabelledSet {
  readonly calibration: readonly LabelledSample[]
  readonly test: readonly LabelledSample[]
}

/** `training`: samples that are not tested with, where there are as many. */
type Loader = (data: string, models: string, training?: number) => LabelledSet

interface PixelForm {
  readonly layout: 'nchw' | 'nhwc'
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
  readonly input: string
}

const RAW = { mean: [0, 0, 0], deviation: [1, 1, 1] }
const UNIT = { mean: [0, 0, 0], deviation: [255, 255, 255] }
const CIFAR_MEAN = { mean: [125.3, 123, 113.9], deviation: [63, 62.1, 66.7] }
const VIT_MEAN = { mean: [125.3, 123, 113.9], deviation: [51.6, 50.8, 51.3] }
const CENTRED = { mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] }

/** By the start of the model's file name. */
export const LABELLED_SETS: Readonly<Record<string, Loader>> = {
  'mnist-8': (data, _, training) => mnist(data, 'Input3', [1, 1, 28, 28], 1, training),
  'mnist-net_256x4': (data) => mnist(data, '0', [1, 784, 1], 255),
  mnist_convnet: (data, _, training) => mnist(data, 'input', [1, 1, 28, 28], 255, training),
  cifar_resnet14: (data, _, training) =>
    cifar(data, { ...CIFAR_MEAN, layout: 'nchw', input: 'input' }, training),
  cifar_resnet_4b: (data) => cifar(data, { ...CIFAR_MEAN, layout: 'nchw', input: 'input.1' }),
  cifar_vit: (data, _, training) =>
    cifar(data, { ...VIT_MEAN, layout: 'nchw', input: 'input' }, training),
  cifar_nhwc: (data) => cifar(data, { ...UNIT, layout: 'nhwc', input: 'x:0' }),
  resnet8: (data, _, training) => cifar(data, { ...RAW, layout: 'nchw', input: 'input' }, training),
  squeezenet: (data) => cifar(data, { ...UNIT, layout: 'nhwc', input: 'input_1' }),
  mobilenet_v2: (data) => imagenet(data, { ...CENTRED, layout: 'nchw', input: 'input' }),
  kws: keywords,
  mnist1d: (data, _, training) => mnist1d(data, training),
  sst2: sentiment,
}

function mnist(
  data: string,
  input: string,
  dims: number[],
  divisor: number,
  training = 128,
): LabelledSet {
  const read = (name: string): Buffer => gunzipSync(readFileSync(join(data, 'mnist', name)))
  const part = (prefix: string, count: number): LabelledSample[] => {
    const images = read(`${prefix}-images-idx3-ubyte.gz`).subarray(16)
    const labels = read(`${prefix}-labels-idx1-ubyte.gz`).subarray(8)
    return Array.from({ length: count }, (_, index) => {
      const pixels = images.subarray(index * 784, (index + 1) * 784)
      const values = Float32Array.from(pixels, (pixel) => pixel / divisor)
      return sample(input, dims, values, labels[index] ?? -1)
    })
  }
  return { calibration: part('train', training), test: part('t10k', 4000) }
}

function cifar(data: string, form: PixelForm, training = 128): LabelledSet {
  const part = (name: string, count: number): LabelledSample[] => {
    const archive = join(data, 'cifar10', name)
    const files = execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim().split('\n')
    const contents = tarContents(readFileSync(archive))
    return files.slice(0, count).map((file) => {
      const pixels = new Transformer(contents.get(file) ?? Buffer.alloc(0)).rawPixelsSync()
      return sample(form.input, shapeOf(form, 32), planes(pixels, 32, form), Number(file[0]))
    })
  }
  return {
    calibration: part(training > 12_000 ? 'train50000_jpg.tar' : 'train12000_jpg.tar', training),
    test: part('test6000_jpg.tar', training === undefined ? 2000 : 6000),
  }
}

function imagenet(data: string, form: PixelForm): LabelledSet {
  const folder = join(data, 'imagenet_samples')
  const rows = readFileSync(join(folder, 'labels.csv'), 'utf8').trim().split('\n').slice(1)
  const samples = rows.map((row) => {
    const [file, label] = row.split(',')
    const transformer = new Transformer(readFileSync(join(folder, 'images', file ?? '')))
    const { width, height } = transformer.metadataSync()
    transformer.crop(Math.floor((width - 224) / 2), Math.floor((height - 224) / 2), 224, 224)
    const values = planes(transformer.rawPixelsSync(), 224, form)
    return sample(form.input, shapeOf(form, 224), values, Number(label) + 1)
  })
  return apart(samples)
}

function keywords(data: string): LabelledSet {
  const features = new Int8Array(readFileSync(join(data, 'kws', 'mfcc_i8_600x49x10.bin')))
  const labels = readFileSync(join(data, 'kws', 'labels_u8.bin'))
  const samples = Array.from(labels, (label, index) => {
    const part = features.subarray(index * 490, (index + 1) * 490)
    const values = Float32Array.from(part, (value) => (value - 83) * 0.5847029)
    return sample('input', [1, 1, 49, 10], values, label)
  })
  return apart(samples)
}

function mnist1d(data: string, training = 128): LabelledSet {
  const part = (prefix: string, count: number): LabelledSample[] => {
    const x = npyBody(readFileSync(join(data, 'mnist1d', `${prefix}_x_f32.npy`)))
    const y = npyBody(readFileSync(join(data, 'mnist1d', `${prefix}_y_u8.npy`)))
    const values = new Float32Array(new Uint8Array(x).buffer)
    return Array.from({ length: count }, (_, index) => {
      const row = values.slice(index * 40, (index + 1) * 40)
      return sample('input', [1, 1, 40], row, y[index] ?? -1)
    })
  }
  return { calibration: part('train', training), test: part('test', 1000) }
}

function sentiment(data: string, models: string, training = 128): LabelledSet {
  const path = readdirSync(models).find((name) => name === 'sst2_transformer.vocab.json') ?? ''
  const words = JSON.parse(readFileSync(join(models, path), 'utf8')) as string[]
  const indexOf = new Map(words.map((word, index) => [word, BigInt(index)]))
  const part = (name: string, count: number): LabelledSample[] => {
    const lines = readFileSync(join(data, 'sst2', name), 'utf8')
      .trim()
      .split('\n')
    return lines.slice(0, count).map((line) => {
      const [sentence = '', label = ''] = line.split('\t')
      const tokens = sentence.toLowerCase().match(/[a-z0-9]+|[!?.,;:'"()\-$]/g) ?? []
      const ids = new BigInt64Array(56)
      tokens.slice(0, 56).forEach((token, index) => {
        ids[index] = indexOf.get(token) ?? 1n
      })
      const mask = ids.map((id) => (id > 0n ? 1n : 0n))
      const tensor = (values: BigInt64Array): RuntimeTensor => {
        return { dtype: 'int64', dims: [1, 56], data: values }
      }
      const feeds = { input_ids: tensor(ids), attention_mask: tensor(mask) }
      return { feeds, label: Number(label) }
    })
  }
  return { calibration: part('train.tsv', training), test: part('dev.tsv', 872) }
}

function sample(
  input: string,
  dims: readonly number[],
  data: Float32Array,
  label: number,
): LabelledSample {
  return { feeds: { [input]: { dtype: 'float32', dims, data } }, label }
}

function apart(samples: readonly LabelledSample[]): LabelledSet {
  const calibration = samples.filter((_, index) => index % 5 === 0)
  return { calibration, test: samples.filter((_, index) => index % 5 !== 0) }
}

function shapeOf({ layout }: PixelForm, size: number): number[] {
  return layout === 'nchw' ? [1, 3, size, size] : [1, size, size, 3]
}

/** RGB or RGBA bytes as normalized floats in the model's layout. */
function planes(
  pixels: Buffer,
  size: number,
  { layout, mean, deviation }: PixelForm,
): Float32Array {
  const count = size * size
  const channels = pixels.length / count
  const values = new Float32Array(3 * count)
  for (let pixel = 0; pixel < count; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const raw = pixels[pixel * channels + (channels < 3 ? 0 : channel)] ?? 0
      const value = (raw - (mean[channel] ?? 0)) / (deviation[channel] ?? 1)
      values[layout === 'nchw' ? channel * count + pixel : 3 * pixel + channel] = value
    }
  }
  return values
}

function npyBody(file: Buffer): Buffer {
  return file.subarray(10 + file.readUInt16LE(8))
}

/** Files of an uncompressed tar archive by name. */
function tarContents(archive: Buffer): Map<string, Buffer> {
  const contents = new Map<string, Buffer>()
  for (let offset = 0; offset + 512 <= archive.length;) {
    const text = (start: number, length: number): string => {
      return archive
        .toString('latin1', offset + start, offset + start + length)
        .replace(/\0.*$/s, '')
    }
    const [name, size] = [text(0, 100), Number.parseInt(text(124, 12), 8)]
    if (name === '' || Number.isNaN(size)) break
    contents.set(name, archive.subarray(offset + 512, offset + 512 + size))
    offset += 512 + Math.ceil(size / 512) * 512
  }
  return contents
}
