// Of every model: whether the student of quantization-aware training gives what the quantized model gives, in 8 and in 4 bits, and
// whether one step of training can be built: `bench/quantize-aware-models.ts FILE_OR_FOLDER…`.

import { readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { quantizationAware } from '#engine/quantize/qat/quantization-aware'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { buildStepGraph } from '#engine/train/step-graph'
import { prepareTraining } from '#engine/train/prepare-training'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { randomFeeds } from './random-feeds.ts'

const SAMPLES = 4
const runtime = openRuntime()
type Tensors = Readonly<Record<string, RuntimeTensor>>

/** Quantizers as they are written: fused kernels may round a result to the next integer. */
async function run(model: Model, feeds: Tensors): Promise<Tensors> {
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'basic',
    sessionConfig: { 'session.disable_quant_qdq': '1' },
  })
  try {
    return await session.run(feeds)
  } finally {
    await session.release()
  }
}

/** Signal ÷ noise of all outputs that are floats, in dB. */
function decibels(expected: Tensors, actual: Tensors): number {
  let [signal, noise] = [0, 0]
  for (const [name, { data }] of Object.entries(expected)) {
    if (!(data instanceof Float32Array)) continue
    const other = actual[name]?.data ?? []
    data.forEach((value, index) => {
      signal += value * value
      noise += (value - Number(other[index])) ** 2
    })
  }
  return 10 * Math.log10(signal / noise)
}

async function inputsOf(bytes: Uint8Array): Promise<Tensors[]> {
  const session = await runtime.load(bytes, { threads: 1, optimization: 'disabled' })
  const feeds = Array.from({ length: SAMPLES }, (_, seed) => randomFeeds(session.inputs, seed + 1))
  await session.release()
  return feeds
}

async function check(path: string): Promise<string> {
  const bytes = new Uint8Array(readFileSync(path))
  const feeds = await inputsOf(bytes)
  const repairs = { equalize: false, smoothQuant: false, biasCorrection: false }
  const calibration = { name: 'minmax', percentile: 100 } as const
  const options = { ...STATIC_DEFAULTS, ...repairs, calibration }
  const model = readModel(bufferRange(bytes))
  const all = { ...options, placements: ['all-but-first'] as const }
  const { float, candidates } = await staticCandidates(model, all, feeds, runtime)
  const quantized = candidates[0]?.model ?? float
  const parts: string[] = []
  for (const weightBits of [8, 4] as const) {
    const qat = quantizationAware(float, quantized, { weightBits, learnSteps: true })
    const sample = feeds[0] ?? {}
    const [own, written] = [await run(qat.student, sample), await run(qat.quantized(), sample)]
    parts.push(`${weightBits} bits: student ${decibels(written, own).toFixed(0)} dB from written`)
    if (weightBits === 4) continue
    const first = decibels(await run(quantized, sample), written)
    parts.push(`written ${first.toFixed(0)} dB from static`)
    const output = qat.student.graph.outputs[0]?.name ?? ''
    const target = { output, target: 'wanted', targetType: 'float32' } as const
    const term = { kind: 'squared_error', ...target, weight: 1, scale: 'relative' } as const
    const { model: prepared } = await prepareTraining(qat.student, runtime)
    const learning = {
      optimizer: { type: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 },
      clipNorm: 1,
      batchNorm: 'frozen',
      frozenLayers: qat.frozen,
      keepZeros: true,
      stepSizes: qat.stepSizes,
    } as const
    const step = buildStepGraph(prepared, [term], learning, { block: 'none' })
    const learnt = step.state.filter(({ role }) => role === 'weight').map(({ input }) => input)
    const steps = learnt.filter((name) => qat.stepSizes.has(name)).length
    parts.push(
      `learns ${learnt.length - steps} weights and ${steps} of ${qat.stepSizes.size} steps`,
    )
  }
  return parts.join(', ')
}

const paths = process.argv.slice(2).flatMap((path) => {
  if (!statSync(path).isDirectory()) return [path]
  const files = readdirSync(path).filter((name) => name.endsWith('.onnx'))
  return files.map((name) => join(path, name))
})
for (const path of paths) {
  const line = await check(path).catch((error: unknown) => `failed: ${(error as Error).message}`)
  console.log(`${basename(path)}: ${line}`)
}
