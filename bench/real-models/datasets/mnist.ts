// MNIST (idx files): 28 × 28 grey digits; training pictures calibrate, test pictures are evaluated.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { LabelledData, SplitData } from './labelled-data.ts'
import { classLabels, floatTensor } from './labelled-data.ts'

const PIXELS = 784

export interface MnistForm {
  readonly input: string
  /** Shape of one sample. */
  readonly sample: readonly number[]
  readonly divisor: number
  readonly calibration: number
  readonly evaluation: number
}

export async function mnist(folder: string, form: MnistForm): Promise<SplitData> {
  return {
    calibration: readPart(folder, 'train', form, form.calibration),
    evaluation: readPart(folder, 't10k', form, form.evaluation),
  }
}

function readPart(folder: string, part: string, form: MnistForm, count: number): LabelledData {
  const read = (name: string) =>
    gunzipSync(readFileSync(join(folder, 'data/mnist', `${part}-${name}-ubyte.gz`)))
  const pixels = read('images-idx3').subarray(16, 16 + count * PIXELS)
  const labels = read('labels-idx1').subarray(8, 8 + count)
  const data = Float32Array.from(pixels, (value) => value / form.divisor)
  return {
    inputs: { [form.input]: floatTensor([count, ...form.sample], data) },
    labels: classLabels([...labels]),
  }
}
