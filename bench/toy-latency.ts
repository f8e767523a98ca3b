// From sending a job to its end, for a small CNN: simplify, static int8, evaluation and measuring on. `bench/toy-latency.ts [runs] [pause in ms]`; build first.
// Without a pause a job meets the children of the next one being started; with one, an idle service.
// Each run has another seed, so that none is answered from an earlier one.

import { setTimeout as delay } from 'node:timers/promises'
import { openRuntime } from '#engine/runtime/ort'
import { buildModel } from '../examples/demo/build-model.ts'
import type { Digits } from '../examples/demo/draw-digits.ts'
import { drawDigits, SIDE } from '../examples/demo/draw-digits.ts'
import { median } from './median.ts'
import type { LabelledData } from './real-models/datasets/labelled-data.ts'
import { safetensorsBytes } from './real-models/datasets/safetensors-file.ts'
import { startService } from '../examples/demo/start-service.ts'
import { serviceClient } from './real-models/service-client.ts'

const CALIBRATION = 128
const EVALUATION = 1000

const runs = Number(process.argv[2] ?? 9)
const pause = Number(process.argv[3] ?? 0)
const model = await buildModel(openRuntime(), drawDigits(2000, 1))
const service = await startService()
const client = serviceClient(service.url)
const times: number[] = []
try {
  const body = {
    model: await client.uploadModel('toy', model),
    steps: [{ type: 'simplify' }, { type: 'quantize', method: 'static' }],
    datasets: {
      calibration: await client.uploadDataset('calibration', digits(CALIBRATION, 2)),
      evaluation: await client.uploadDataset('evaluation', digits(EVALUATION, 3)),
    },
    evaluation: { task: 'classification', metric: 'top1' },
  }
  for (let run = 0; run < runs; run += 1) {
    await delay(pause)
    const job = await client.runJob({ ...body, seed: run })
    if (job.status !== 'succeeded') throw new Error(JSON.stringify(job.error))
    times.push(job.wallMs)
    const { change, steps } = await client.report(job.id)
    const parts = steps.map(({ type, duration_ms }) => `${type} ${duration_ms.toFixed(0)}`)
    console.log(
      `run ${run}: ${job.wallMs.toFixed(0)} ms (${parts.join(', ')}), ${change.compression_ratio.toFixed(2)}× smaller, ${change.speedup?.toFixed(2) ?? 'unknown'}× speed`,
    )
  }
} finally {
  await service.stop()
}
console.log(
  `submit → done, ${model.length} B, ${runs} runs, ${pause} ms apart: median ${median(times).toFixed(0)} ms, least ${Math.min(...times).toFixed(0)}, most ${Math.max(...times).toFixed(0)}`,
)

function digits(count: number, seed: number): Uint8Array {
  const { images, labels }: Digits = drawDigits(count, seed)
  const data: LabelledData = {
    inputs: { image: { dtype: 'float32', dims: [count, 1, SIDE, SIDE], data: images } },
    labels: { dtype: 'int64', dims: [count], data: labels },
  }
  return safetensorsBytes(data)
}
