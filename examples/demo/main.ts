// `npm run demo`: starts the service, draws a dataset, builds a model, has it quantized over HTTP and prints the report.

import { Tersor } from '@tersor/sdk'
import type { Digits } from './draw-digits.ts'
import { SIDE, drawDigits } from './draw-digits.ts'
import { progressBar } from './progress-bar.ts'
import { reportTable } from './report-table.ts'
import { startService } from './start-service.ts'
import { writeSafetensors } from './write-safetensors.ts'

const TRAINING = { count: 2000, seed: 1 }
const CALIBRATION = { count: 200, seed: 2 }
const EVALUATION = { count: 1000, seed: 3 }

async function main(): Promise<void> {
  say(`Drawing ${TRAINING.count} digits and fitting a small convolutional network to them …`)
  const model = await trainedModel()
  const service = await startService()
  try {
    await compress(new Tersor({ baseUrl: service.url }), service.url, model)
  } finally {
    await service.stop()
  }
}

async function compress(tersor: Tersor, url: string, bytes: Uint8Array): Promise<void> {
  say(`Tersor is ready at ${url}`)
  const model = await tersor.uploadModel(bytes, 'digits')
  const calibration = await tersor.uploadDataset(
    dataset(drawDigits(CALIBRATION.count, CALIBRATION.seed)),
    'digits for calibration',
    'safetensors',
  )
  const evaluation = await tersor.uploadDataset(
    dataset(drawDigits(EVALUATION.count, EVALUATION.seed)),
    'digits for evaluation',
    'safetensors',
  )
  say(`Uploaded the model and ${CALIBRATION.count} + ${EVALUATION.count} digits it has not seen`)

  const job = await tersor.createJob({
    model: model.id,
    steps: [{ type: 'quantize', method: 'static' }],
    datasets: { calibration: calibration.id, evaluation: evaluation.id },
    evaluation: { task: 'classification' },
  })
  say(`Quantizing to 8-bit integers: ${job.id}`)
  const bar = progressBar(process.stdout)
  const done = await tersor.waitForJob(
    job.id,
    ({ progress }) => bar.show(progress.fraction, progress.message),
    100,
  )
  bar.end()
  if (done.status !== 'succeeded') throw new Error(`${done.status}: ${done.error?.message ?? ''}`)

  say(`\n${reportTable(await tersor.getReport(job.id))}\n`)
  say('The data of this run is gone now. `npm start` keeps what you upload: its reports are pages')
  say('in a browser at /v1/jobs/{id}/report, and /docs lists the whole API.')
}

async function trainedModel(): Promise<Uint8Array> {
  // The runtime reads this as it loads; the imports below load it.
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
  const { openRuntime } = await import('#engine/runtime/ort')
  const { buildModel } = await import('./build-model.ts')
  return await buildModel(openRuntime(), drawDigits(TRAINING.count, TRAINING.seed))
}

function dataset({ images, labels, count }: Digits): Uint8Array {
  return writeSafetensors({
    image: { dtype: 'F32', shape: [count, 1, SIDE, SIDE], data: images },
    labels: { dtype: 'I64', shape: [count], data: labels },
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(
    `The demo failed: ${error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exitCode = 1
})
