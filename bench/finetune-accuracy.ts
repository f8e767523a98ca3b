// Accuracy after channel pruning and training as the recipe has it unless told otherwise, by weight of the original's answers:
// `bench/finetune-accuracy.ts <folder of .onnx> <folder of data> <name> [share of MACs kept] [weights] [seeds] [samples] [training as JSON] [channel multiple]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pruneChannels } from '#engine/prune/prune-channels'
import { openRuntime } from '#engine/runtime/ort'
import { trainModel } from '#engine/train/train-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { evaluation } from '#src/recipes/evaluation'
import { pruneChannel } from '#src/recipes/prune'
import { retraining } from '#src/recipes/training'
import { distillTerms } from '#workers/steps/distill-terms'
import { AS_BEFORE } from '#workers/steps/finetune'
import { trainingOptions } from '#workers/steps/training-options'
import { batched, isOpen } from './labelled-batches.ts'
import { LABELLED_SETS } from './labelled-samples.ts'
import { accuracy, samplesOf } from './labelled-training.ts'

const [models, data, name = '', share = '0.5', weights = `0,${AS_BEFORE.alpha}`, ...more] =
  process.argv.slice(2)
const [seeds = '1', count = '12000', options = '{}', multiple] = more
const file =
  models === undefined ? undefined : readdirSync(models).find((one) => one.startsWith(name))
const key = Object.keys(LABELLED_SETS).find((prefix) => file?.startsWith(prefix))
const load = key === undefined ? undefined : LABELLED_SETS[key]
if (models === undefined || data === undefined || file === undefined || load === undefined) {
  throw new Error('usage: finetune-accuracy <folder of .onnx> <folder of data> <name> …')
}
const runtime = openRuntime()
const set = load(data, models, Number(count))
const [train, test] = [samplesOf(set.calibration), samplesOf(set.test)]
const bytes = new Uint8Array(readFileSync(join(models, file)))
const original = () => readModel(bufferRange(bytes))
const step = pruneChannel.parse({
  type: 'prune',
  method: 'channel',
  max_macs: Number(share),
  ...(multiple !== undefined && { channel_multiple: Number(multiple) }),
})
const wanted = retraining.parse(JSON.parse(options))
const judged = evaluation.parse({ task: 'classification' })
const calibration = batched(set.calibration.slice(0, step.samples), isOpen(original()) ? 32 : 1)

async function pruned(): Promise<{ readonly model: Model; readonly macs: number }> {
  const limits = { minChannels: step.min_channels, channelMultiple: step.channel_multiple }
  const amount = { kind: 'max_macs', value: Number(share) } as const
  const feeds = {
    async *[Symbol.asyncIterator]() {
      yield* calibration
    },
  }
  const { model, details } = await pruneChannels(
    original(),
    {
      importance: 'magnitude',
      norm: step.norm,
      amount,
      scope: { kind: 'layer' },
      limits,
      excludedLayers: [],
      normalizedAxes: step.normalized_axes,
      repair: step.repair,
      seed: 1,
    },
    feeds,
    runtime,
  )
  return { model, macs: Number(details['macs_kept']) }
}

const percent = (value: number): string => (100 * value).toFixed(2)
const before = await pruned()
console.log(
  `${file}: original ${percent(await accuracy(original(), test, runtime))} % of ${test.count}, pruned to ${before.macs.toFixed(3)} of the MACs ${percent(await accuracy(before.model, test, runtime))} %, ${train.count} training samples, ${options}`,
)
for (const alpha of weights.split(',').map(Number)) {
  const found: number[] = []
  const losses: string[] = []
  const start = process.cpuUsage()
  for (let seed = 0; seed < Number(seeds); seed += 1) {
    const { model } = await pruned()
    const training = { ...wanted, seed }
    const request = { ...AS_BEFORE, alpha, training }
    const terms = distillTerms(model, request, judged, await train.batch(0, 1))
    const teacher = terms.some(({ target }) => target.startsWith('teacher/')) ? original() : null
    const task = { terms, teacher, samples: train, options: trainingOptions(training, train.count) }
    const { epochs } = await trainModel(model, task, runtime)
    losses.push(`${epochs[0]?.loss.toPrecision(3)}→${epochs.at(-1)?.loss.toPrecision(3)}`)
    found.push(await accuracy(model, test, runtime))
  }
  const { user, system } = process.cpuUsage(start)
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length
  console.log(
    `  teacher's weight ${alpha}: mean ${percent(mean)} % (seeds: ${found.map(percent).join(', ')}; loss ${losses.join(', ')}; ${((user + system) / 1e6).toFixed(0)} s of processor time)`,
  )
}
