// What jobs over HTTP make of a model that is pruned and trained, one job for each list of steps: top-1 before and after.
// Run: node dist/bench/finetune-jobs.js <folder of .onnx> <folder of data> <name> <samples> <seeds> '<steps as JSON>' …

import { mkdtemp, rm } from 'node:fs/promises'
import { readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LabelledSample } from './labelled-samples.ts'
import { LABELLED_SETS } from './labelled-samples.ts'
import { samplesOf } from './labelled-training.ts'
import { safetensorsBytes } from './real-models/datasets/safetensors-file.ts'
import { serviceClient } from './real-models/service-client.ts'
import { startService } from './service/child-server.ts'

/** Samples of the training part that pruning looks at. */
const CALIBRATION = 512

const [models, data, name = '', samples = '12000', seeds = '0', ...recipes] = process.argv.slice(2)
const file =
  models === undefined ? undefined : readdirSync(models).find((one) => one.startsWith(name))
const key = Object.keys(LABELLED_SETS).find((prefix) => file?.startsWith(prefix))
const load = key === undefined ? undefined : LABELLED_SETS[key]
if (models === undefined || data === undefined || file === undefined || load === undefined) {
  throw new Error('usage: finetune-jobs <folder of .onnx> <folder of data> <name> …')
}
const set = load(data, models, Number(samples))

async function packed(part: readonly LabelledSample[]): Promise<Uint8Array> {
  const { labels, ...inputs } = await samplesOf(part).batch(0, part.length)
  if (labels === undefined) throw new Error('samples have no labels')
  return safetensorsBytes({ inputs, labels })
}

interface Trained {
  readonly epochs?: readonly { readonly loss: number }[]
}

const percent = (value: number | undefined): string => (100 * (value ?? Number.NaN)).toFixed(2)
const folder = await mkdtemp(join(tmpdir(), 'tersor-finetune-'))
const service = await startService(folder)
try {
  const client = serviceClient(service.url)
  const model = await client.uploadModel(file, new Uint8Array(readFileSync(join(models, file))))
  const train = await client.uploadDataset('train', await packed(set.calibration))
  const some = set.calibration.slice(0, CALIBRATION)
  const calibration = await client.uploadDataset('calibration', await packed(some))
  const evaluation = await client.uploadDataset('test', await packed(set.test))
  const datasets = { train, calibration, evaluation }
  for (const recipe of recipes) {
    for (const seed of seeds.split(',').map(Number)) {
      const steps: unknown = JSON.parse(recipe.replaceAll('"SEED"', String(seed)))
      const start = performance.now()
      const judged = { task: 'classification' }
      const body = { model, steps, datasets, evaluation: judged, timeout_seconds: 86_400 }
      const { id, status, error } = await client.runJob(body)
      const seconds = ((performance.now() - start) / 1000).toFixed(0)
      if (status !== 'succeeded') {
        console.log(`${file} seed ${seed}: ${status} ${JSON.stringify(error)} ${recipe}`)
        continue
      }
      const { original, compressed, change, steps: done } = await client.report(id)
      const [before, after] = [original.quality?.value, compressed.quality?.value]
      const losses = done.flatMap(({ details }) => {
        const { finetune, epochs } = details as Trained & { readonly finetune?: Trained }
        const all = finetune?.epochs ?? epochs ?? []
        return `${all[0]?.loss.toPrecision(3)}→${all.at(-1)?.loss.toPrecision(3)}`
      })
      console.log(
        `${file}: ${percent(before)} → ${percent(after)} % of ${compressed.quality?.samples} (${percent((after ?? 0) - (before ?? 0))} points) at ${(1 - (change.macs_reduction ?? 0)).toFixed(3)} of the MACs, speedup ${change.speedup?.toFixed(2)}; loss ${losses.join(', ')}; seed ${seed}, ${samples} samples, ${seconds} s: ${recipe}`,
      )
    }
  }
} finally {
  await service.kill('SIGTERM')
  await rm(folder, { recursive: true, force: true })
}
