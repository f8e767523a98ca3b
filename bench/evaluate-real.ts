// Real detectors, segmenters and picture-makers judged on labelled COCO pictures, beside the figures documented with them:
// `bench/evaluate-real.ts <shared folder> [samples] [model…]`; build first.

import { join } from 'node:path'
import { yolox } from '#engine/evaluate/detection/yolo'
import type { Samples } from '#engine/evaluate/judge'
import { judgeModels } from '#engine/evaluate/judge'
import { detectionTask } from '#engine/evaluate/tasks/detection-task'
import { imageTask } from '#engine/evaluate/tasks/image-task'
import { segmentationTask } from '#engine/evaluate/tasks/segmentation-task'
import type { EvaluationTask } from '#engine/evaluate/tasks/task'
import { openRuntime } from '#engine/runtime/ort'
import { cocoBoxes, cocoMasks, smallPictures } from './real-models/datasets/coco-pictures.ts'

const [shared, most, ...names] = process.argv.slice(2)
if (shared === undefined) throw new Error('usage: evaluate-real <shared folder> [samples] [model…]')
const runtime = openRuntime()

interface Row {
  readonly model: string
  readonly metric: string
  readonly documented: string
  readonly samples: Samples
  readonly task: EvaluationTask<unknown>
}

function boxes(metric: 'map' | 'map50', documented: string): Row {
  const task = detectionTask({
    metric,
    decoder: yolox('output', [8, 16, 32]),
    labels: { boxes: 'boxes', classes: 'classes' },
    scoreThreshold: null,
    iouThreshold: null,
    maxDetections: 300,
  })
  const samples = cocoBoxes(shared!, 'images')
  return { model: 'yolox_nano', metric, documented, samples, task }
}

function pictures(metric: 'psnr' | 'ssim', documented: string): Row {
  const options = { metric, output: 'output', labels: 'labels', layout: 'auto', range: 1 } as const
  const samples = smallPictures(shared!, 'input')
  return { model: 'espcn_x3', metric, documented, samples, task: imageTask(options) }
}

const ROWS: readonly Row[] = [
  boxes('map', '0.3403'),
  boxes('map50', '0.5026'),
  {
    model: 'deeplabv3_mnv2_dm05_voc',
    metric: 'miou',
    documented: '0.3984',
    samples: cocoMasks(shared, 'input'),
    task: segmentationTask({
      output: 'logits',
      labels: 'labels',
      labelSize: [513, 513],
      layout: 'auto',
      ignoredLabel: 255,
    }),
  },
  pictures('psnr', '26.181 whole pictures, border left out'),
  pictures('ssim', 'none'),
]

for (const { model, metric, documented, samples, task } of ROWS) {
  if (names.length > 0 && !names.includes(model)) continue
  const path = join(shared, 'models', `${model}.onnx`)
  const session = await runtime.load(path, { threads: 1, optimization: 'all' })
  const start = performance.now()
  const limit = most === undefined ? samples.count : Number(most)
  const [judgement] = await judgeModels([session], samples, { task, limit })
  await session.release()
  const seconds = (performance.now() - start) / 1000
  console.log(
    `${model}: ${metric} ${judgement?.metric?.toFixed(4)} on ${judgement?.samples} samples in ${seconds.toFixed(1)} s; documented ${documented}`,
  )
}
