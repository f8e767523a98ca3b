// Training against PyTorch: the gradients of the first batch, the loss of every step, the time of a step. Same weights, same
// batches, same number of threads, one after the other; processor time, which other work on the machine hardly moves. Wants a Python with torch and numpy.
// Run: node dist/bench/training.js PYTHON [STEPS] [THREADS] [NAME…]

import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Samples } from '#engine/evaluate/judge'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { splitSamples } from '#engine/train/split-samples'
import { trainModel } from '#engine/train/train-model'
import type { TrainOptions } from '#engine/train/train-options'
import { trainableWeights } from '#engine/train/trainable-weights'
import { TrainingSamples } from '#engine/train/training-samples'
import { openWeightGradients } from '#engine/train/weight-gradients'
import { liftConstants } from '#engine/rewrite/lift-constants'
import { nodeRulePass } from '#engine/rewrite/pass'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { elements } from '#src/onnx/tensor-values'
import type { BenchNetwork } from './training/networks.ts'
import { NETWORKS } from './training/networks.ts'
import { LABEL_LOSS } from './training/label-loss.ts'

const SAMPLES = 512
const runtime = openRuntime()

interface PeerResult {
  readonly error: number
  readonly torch_error: number
  readonly largest: number
  readonly torch_largest: number
  readonly losses: readonly number[]
  /** The same in float64. */
  readonly losses_precise: readonly number[]
  /** The same in float32 from weights whose last bits differ, several times. */
  readonly losses_nudged: readonly (readonly number[])[]
  readonly median_ms: number
}

function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A pattern per class, in noise. */
function samplesOf({
  input,
  classes,
}: BenchNetwork): Samples & Record<'x' | 'labels', RuntimeTensor> {
  const next = uniform(5)
  const size = input.shape.reduce((product, dim) => product * dim, 1)
  const patterns = Float32Array.from({ length: classes * size }, () => next() - 0.5)
  const labels = BigInt64Array.from({ length: SAMPLES }, () => BigInt(Math.floor(next() * classes)))
  const value = (index: number): number => {
    const pattern = patterns[Number(labels[Math.floor(index / size)]) * size + (index % size)] ?? 0
    const noisy = pattern + 2 * (next() - 0.5)
    return input.ids === null ? noisy : Math.floor(((noisy + 1.5) / 3) * input.ids)
  }
  const data =
    input.ids === null
      ? Float32Array.from({ length: SAMPLES * size }, (_, index) => value(index))
      : BigInt64Array.from({ length: SAMPLES * size }, (_, index) => BigInt(value(index)))
  const dtype = input.ids === null ? 'float32' : 'int64'
  const x = (start: number, end: number): RuntimeTensor => ({
    dtype,
    dims: [end - start, ...input.shape],
    data: data.slice(start * size, end * size),
  })
  const classesOf = (start: number, end: number): RuntimeTensor => ({
    dtype: 'int64',
    dims: [end - start],
    data: labels.slice(start, end),
  })
  return {
    count: SAMPLES,
    batch: (start, end) => Promise.resolve({ x: x(start, end), labels: classesOf(start, end) }),
    x: x(0, SAMPLES),
    labels: classesOf(0, SAMPLES),
  }
}

/** Milliseconds of this process, all threads together. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function compare(network: BenchNetwork, python: string, steps: number, threads: number) {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-training-'))
  try {
    const model = parseModel(network.text)
    await nodeRulePass(liftConstants).run(model, runtime)
    const samples = samplesOf(network)
    const options: TrainOptions = {
      epochs: Math.ceil((steps * network.batch) / SAMPLES),
      batchSize: network.batch,
      optimizer: { type: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
      learningRate: network.learningRate,
      schedule: { kind: 'constant', warmUp: 0 },
      seed: 1,
      clipNorm: null,
      batchNorm: 'train',
      frozenLayers: [],
      keepZeros: false,
      averaging: null,
      earlyStopping: null,
      augmentations: [],
      shards: 1,
      threads,
    }
    const split = splitSamples(await TrainingSamples.open(samples), options, null)
    const batches = Array.from({ length: options.epochs }, (_, epoch) => {
      const order = [...split.order(epoch)]
      return Array.from({ length: split.stepsPerEpoch }, (__, step) =>
        order.slice(step * network.batch, (step + 1) * network.batch),
      )
    }).flat()
    const data = await TrainingSamples.open(samples)
    const session = await openWeightGradients(model, [LABEL_LOSS], runtime, threads)
    const { gradients } = await session.run(await data.pick(batches[0] ?? []))
    await session.release()
    await writeTask(folder, network, { model, samples, batches, gradients })
    const losses: number[] = []
    const times: number[] = []
    let last = processorTime()
    await trainModel(model, { terms: [LABEL_LOSS], teacher: null, samples, options }, runtime, {
      onStep: ({ loss }) => {
        losses.push(loss)
        times.push(processorTime() - last)
        last = processorTime()
      },
    })
    const script = join(import.meta.dirname, '../../bench/training/train_peer.py')
    const text = execFileSync(python, [script, folder, String(threads)], { encoding: 'utf8' })
    const peer = JSON.parse(text) as PeerResult
    const median =
      times.slice(5).toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0
    const [apart, own] = [
      distances(losses, peer.losses),
      distances(peer.losses_precise, peer.losses),
    ]
    const until = (of: readonly number[], count: number): string =>
      Math.max(...of.slice(0, count)).toExponential(1)
    const curves = distances(smoothed(losses), smoothed(peer.losses))
    const nudged = peer.losses_nudged.map((others) => {
      return Math.max(...distances(others, peer.losses)).toExponential(1)
    })
    const curvesOfPeer = distances(smoothed(peer.losses_precise), smoothed(peer.losses))
    console.log(
      [
        network.name.padEnd(26),
        `gradients ${peer.error.toExponential(1)} (torch ${peer.torch_error.toExponential(1)})`,
        `worst ${peer.largest.toExponential(1)} (torch ${peer.torch_largest.toExponential(1)})`,
        `losses apart: 20 steps ${until(apart, 20)}, ${losses.length} steps ${until(apart, losses.length)}, means of ${SPAN} ${until(curves, losses.length)} (torch from its own float64 ${until(own, 20)}, ${until(own, losses.length)}, ${until(curvesOfPeer, losses.length)}; from itself with other last bits to begin with ${nudged.join(', ')})`,
        `last ${losses.at(-1)?.toFixed(4)} (torch ${peer.losses.at(-1)?.toFixed(4)})`,
        `${median.toFixed(2)} ms a step, torch ${peer.median_ms.toFixed(2)}: ${(median / peer.median_ms).toFixed(2)}`,
      ].join(' | '),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Steps whose mean is a point of a smoothed curve. */
const SPAN = 20

function smoothed(losses: readonly number[]): number[] {
  return losses.slice(SPAN - 1).map((_, index) => {
    return losses.slice(index, index + SPAN).reduce((sum, loss) => sum + loss, 0) / SPAN
  })
}

function distances(one: readonly number[], other: readonly number[]): number[] {
  return one.map((loss, step) => Math.abs(loss - (other[step] ?? 0)))
}

interface TaskParts {
  readonly model: Model
  readonly samples: ReturnType<typeof samplesOf>
  readonly batches: readonly (readonly number[])[]
  readonly gradients: ReadonlyMap<string, Float32Array>
}

async function writeTask(folder: string, network: BenchNetwork, parts: TaskParts): Promise<void> {
  const { model, samples, batches, gradients } = parts
  let count = 0
  const write = async (dims: readonly number[], data: RuntimeTensor['data']) => {
    count += 1
    const file = `${count}.bin`
    await writeFile(join(folder, file), data)
    return { file, dims, dtype: data instanceof BigInt64Array ? 'int64' : 'float32' }
  }
  const weights: Record<string, unknown> = {}
  const constants: Record<string, unknown> = {}
  const learnt = new Set(trainableWeights(model).map(({ name }) => name))
  const found: Record<string, unknown> = {}
  for (const { name, constant } of model.graph.initializers.values()) {
    if (constant === null) continue
    const entry = await write(constant.dims, elements(constant))
    if (learnt.has(name)) weights[name] = entry
    else constants[name] = entry
    const gradient = gradients.get(name)
    if (gradient !== undefined) found[name] = await write(constant.dims, gradient)
  }
  const nodes = [...model.graph.nodes()].map((node) => ({
    op: node.opType,
    inputs: node.inputs.map((value) => value?.name ?? ''),
    outputs: node.outputs.map((value) => value?.name ?? ''),
    attributes: Object.fromEntries(
      [...node.attributes.keys()].map((name) => [name, node.ints(name) ?? node.int(name, 0)]),
    ),
  }))
  const task = {
    nodes,
    weights,
    constants,
    gradients: found,
    batches,
    x: await write(samples.x.dims, samples.x.data),
    labels: await write(samples.labels.dims, samples.labels.data),
    learning_rate: network.learningRate,
  }
  await writeFile(join(folder, 'task.json'), JSON.stringify(task))
}

const [python = 'python3', steps = '300', threads = '1', ...names] = process.argv.slice(2)
const asked = NETWORKS.filter(({ name }) => {
  return names.length === 0 || names.some((start) => name.startsWith(start))
})
for (const network of asked) await compare(network, python, Number(steps), Number(threads))
