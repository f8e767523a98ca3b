// Visual wake words on COCO: is a person in the picture? Pictures of another set calibrate, so that all 125 are evaluated.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodePicture, normalise } from './decode-picture.ts'
import { imagenetSamples } from './imagenet-samples.ts'
import type { LabelledData, SplitData } from './labelled-data.ts'
import { classLabels, floatTensor } from './labelled-data.ts'

const SIDE = 96
const PERSON = 0
/** Share of the picture that a person's box must fill. */
const SMALLEST_BOX = 0.005
const NORMALISATION = { layout: 'NCHW', mean: 0, std: 255 } as const
const GEOMETRY = { resize: [SIDE, SIDE], filter: 'linear' } as const

type Box = readonly [category: number, x: number, y: number, width: number, height: number]

export async function personPresent(folder: string): Promise<SplitData> {
  const { calibration } = await imagenetSamples(folder, {
    input: 'input',
    side: SIDE,
    geometry: GEOMETRY,
    normalisation: NORMALISATION,
    labelOffset: 0,
    calibration: 120,
    evaluation: 0,
  })
  return { calibration, evaluation: await coco(folder) }
}

async function coco(folder: string): Promise<LabelledData> {
  const root = join(folder, 'data/coco128')
  const file = readFileSync(join(root, 'boxes_yolo.json'), 'utf8')
  const boxes = Object.entries(JSON.parse(file) as Record<string, readonly Box[]>)
  const labelled = boxes.flatMap(([name, list]) => {
    const label = personLabel(list)
    return label === null ? [] : [[name, label] as const]
  })
  const size = 3 * SIDE * SIDE
  const data = new Float32Array(labelled.length * size)
  for (const [index, [name]] of labelled.entries()) {
    const { rgb } = await decodePicture(readFileSync(join(root, 'images', name)), GEOMETRY)
    normalise(rgb, NORMALISATION, data, index * size)
  }
  return {
    inputs: { input: floatTensor([labelled.length, 3, SIDE, SIDE], data) },
    labels: classLabels(labelled.map(([, label]) => label)),
  }
}

/** `null` where the only persons are too small to count. */
function personLabel(boxes: readonly Box[]): 0 | 1 | null {
  const areas = boxes.filter(([category]) => category === PERSON).map((box) => box[3] * box[4])
  if (areas.length === 0) return 0
  return Math.max(...areas) >= SMALLEST_BOX ? 1 : null
}
