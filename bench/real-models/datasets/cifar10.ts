// CIFAR-10 as JPEG pictures in tar archives whose members are named <label>_<class>_<n>.jpg.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Geometry, Normalisation } from './decode-picture.ts'
import { decodePicture, normalise } from './decode-picture.ts'
import type { LabelledData, SplitData } from './labelled-data.ts'
import { classLabels, floatTensor, spreadIndices } from './labelled-data.ts'
import { readTar } from './read-tar.ts'

export interface CifarForm {
  readonly input: string
  readonly side: number
  readonly geometry?: Geometry
  readonly normalisation: Normalisation
  readonly calibration: number
  readonly evaluation: number
}

export async function cifar10(folder: string, form: CifarForm): Promise<SplitData> {
  return {
    calibration: await readPart(folder, 'train12000_jpg.tar', form, form.calibration),
    evaluation: await readPart(folder, 'test6000_jpg.tar', form, form.evaluation),
  }
}

async function readPart(
  folder: string,
  file: string,
  { input, side, geometry, normalisation }: CifarForm,
  count: number,
): Promise<LabelledData> {
  const members = readTar(readFileSync(join(folder, 'data/cifar10', file)))
  const chosen = spreadIndices(members.length, count).map((index) => members[index]!)
  const size = side * side * 3
  const data = new Float32Array(chosen.length * size)
  for (const [index, { bytes }] of chosen.entries()) {
    const { rgb } = await decodePicture(bytes, geometry)
    normalise(rgb, normalisation, data, index * size)
  }
  const sample = normalisation.layout === 'NCHW' ? [3, side, side] : [side, side, 3]
  return {
    inputs: { [input]: floatTensor([chosen.length, ...sample], data) },
    labels: classLabels(chosen.map(({ name }) => labelOf(name))),
  }
}

function labelOf(name: string): number {
  const found = /(\d+)_[a-z]+_\d+\.jpg$/u.exec(name) ?? /(\d+)_[^/]*\.jpg$/u.exec(name)
  if (found === null) throw new Error(`no label in '${name}'`)
  return Number(found[1])
}
