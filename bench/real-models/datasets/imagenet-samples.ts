// One picture for each of 600 ImageNet classes, short side 256; labels.csv: file,label,wnid,name.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Geometry, Normalisation } from './decode-picture.ts'
import { decodePicture, normalise } from './decode-picture.ts'
import type { LabelledData, SplitData } from './labelled-data.ts'
import { classLabels, floatTensor } from './labelled-data.ts'

export interface ImageNetForm {
  readonly input: string
  readonly side: number
  readonly geometry: Geometry
  readonly normalisation: Normalisation
  /** Added to the label: 1 where class 0 is the background. */
  readonly labelOffset: number
  readonly calibration: number
  readonly evaluation: number
}

/** Every fifth picture calibrates. */
export async function imagenetSamples(folder: string, form: ImageNetForm): Promise<SplitData> {
  const rows = readRows(folder)
  const held = rows.filter((_, index) => index % 5 === 0).slice(0, form.calibration)
  const rest = rows.filter((_, index) => index % 5 !== 0).slice(0, form.evaluation)
  return { calibration: await load(folder, form, held), evaluation: await load(folder, form, rest) }
}

type Row = readonly [file: string, label: number]

function readRows(folder: string): Row[] {
  const text = readFileSync(join(folder, 'data/imagenet_samples/labels.csv'), 'utf8')
  const lines = text.trim().split('\n').slice(1)
  return lines.map((line) => {
    const [file, label] = line.split(',') as [string, string]
    return [file, Number(label)] as const
  })
}

async function load(
  folder: string,
  { input, side, geometry, normalisation, labelOffset }: ImageNetForm,
  rows: readonly Row[],
): Promise<LabelledData> {
  const size = 3 * side * side
  const data = new Float32Array(rows.length * size)
  for (const [index, [file]] of rows.entries()) {
    const bytes = readFileSync(join(folder, 'data/imagenet_samples/images', file))
    const { rgb } = await decodePicture(bytes, geometry)
    normalise(rgb, normalisation, data, index * size)
  }
  return {
    inputs: { [input]: floatTensor([rows.length, 3, side, side], data) },
    labels: classLabels(rows.map(([, label]) => label + labelOffset)),
  }
}
