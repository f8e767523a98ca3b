// Blocked kernels against plain ones: the time of a training step of three equal layers, convolution, normalization and ReLU, by the
// sizes of the layer. Both steps side by side, one thread, processor time; below 1 blocked is faster.
// Run: node dist/bench/training-kernels.js [ROUNDS]

import { blockSizeOf } from '#engine/blocked/block-size'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { prepareTraining } from '#engine/train/prepare-training'
import { buildStepGraph } from '#engine/train/step-graph'
import type { StepKernels } from '#engine/train/step-kernels'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { LABEL_LOSS } from './training/label-loss.ts'

interface Layer {
  readonly channels: number
  readonly kernel: number
  readonly group: 'dense' | 'depthwise'
  readonly side: number
  readonly batch: number
}

const runtime = openRuntime()
const LAYERS = 3
const CLASSES = 10

function networkOf({ channels, kernel, group, side }: Layer): string {
  const places = [...Array(LAYERS).keys()]
  const within = group === 'dense' ? channels : 1
  const filled = (value: string) => `{${Array(channels).fill(value).join()}}`
  const weights = places.flatMap((i) => [
    `float[${channels}, ${within}, ${kernel}, ${kernel}] w${i} = random(${i}, ${Math.sqrt(3 / (within * kernel ** 2))})`,
    `float[${channels}] s${i} = ${filled('1.0')}`,
    `float[${channels}] b${i} = ${filled('0.0')}`,
    `float[${channels}] m${i} = ${filled('0.0')}`,
    `float[${channels}] v${i} = ${filled('1.0')}`,
  ])
  const pad = (kernel - 1) / 2
  const pads = Array(4).fill(pad).join()
  const body = places.map((i) => {
    const attributes = `pads=[${pads}], group=${group === 'dense' ? 1 : channels}`
    const from = i === 0 ? 'x0' : `r${i - 1}`
    return `c${i} = Conv<${attributes}>(${from}, w${i}) n${i} = BatchNormalization(c${i}, s${i}, b${i}, m${i}, v${i}) r${i} = Relu(n${i})`
  })
  return `<ir_version: 8, opset_import: ["" : 18]>
    g (float[n, ${channels}, ${side}, ${side}] x) => (float[n, ${CLASSES}] y)
    <float[${channels}] a = ${filled('1.0')}, float[${channels}, ${CLASSES}] d = random(9, 0.3), ${weights.join()}>
    { a1 = Unsqueeze(a, axes) x0 = Mul(x, a1) ${body.join('\n')}
      p = GlobalAveragePool(r${LAYERS - 1}) f = Flatten(p) y = MatMul(f, d) }`.replace(
    '<float',
    '<int64[2] axes = {1, 2}, float',
  )
}

async function openStep(layer: Layer, kernels: StepKernels) {
  const { channels, side, batch } = layer
  const { model } = await prepareTraining(parseModel(networkOf(layer)), runtime)
  const step = buildStepGraph(
    model,
    [LABEL_LOSS],
    {
      optimizer: { type: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
      clipNorm: null,
      batchNorm: 'train',
      frozenLayers: [],
      keepZeros: false,
    },
    kernels,
  )
  const session = await runtime.load(modelBytes(step.model, 'inline'), {
    threads: 1,
    optimization: 'basic',
    memoryPattern: false,
    sessionConfig: { 'session.intra_op.allow_spinning': '0' },
  })
  const data = Float32Array.from({ length: batch * channels * side ** 2 }, (_, at) => Math.sin(at))
  const labels = BigInt64Array.from({ length: batch }, (_, at) => BigInt(at % CLASSES))
  const feeds: Record<string, RuntimeTensor> = {
    x: { dtype: 'float32', dims: [batch, channels, side, side], data },
    labels: { dtype: 'int64', dims: [batch], data: labels },
  }
  for (const { input, dims, initial } of step.state) {
    feeds[input] = { dtype: 'float32', dims, data: initial }
  }
  for (const input of step.scalars.values()) {
    feeds[input] = { dtype: 'float32', dims: [], data: Float32Array.of(0.01) }
  }
  const times: number[] = []
  return {
    times,
    run: async (): Promise<void> => {
      const before = process.cpuUsage()
      await session.run(feeds)
      const { user, system } = process.cpuUsage(before)
      times.push((user + system) / 1000)
    },
    release: () => session.release(),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

const [rounds = '9'] = process.argv.slice(2)
const block = await blockSizeOf(runtime)
if (block === 'none') {
  console.log('the runtime has no blocked kernels on this machine')
} else {
  console.log(`blocks of ${block} channels`)
  const layers: Layer[] = []
  for (const batch of [32]) {
    for (const side of [4, 8, 16, 32, 56]) {
      for (const channels of [8, 12, 16, 24, 32, 64, 128]) {
        for (const kernel of [1, 3]) layers.push({ channels, kernel, group: 'dense', side, batch })
        layers.push({ channels, kernel: 3, group: 'depthwise', side, batch })
      }
    }
  }
  for (const layer of layers) {
    const { channels, kernel, group, side, batch } = layer
    if (channels * side ** 2 * batch > 7e6) continue
    const steps = [
      await openStep(layer, { block: 'none' }),
      await openStep(layer, { block, batch }),
    ] as const
    for (let round = 0; round <= Number(rounds); round += 1) {
      for (const step of round % 2 === 0 ? steps : steps.toReversed()) await step.run()
    }
    const [plain, blocked] = steps.map(({ times }) => median(times.slice(1)))
    for (const step of steps) await step.release()
    console.log(
      `${group.padEnd(9)} ${kernel}×${kernel} ${String(channels).padStart(4)} channels, ${batch} of ${side}×${side}: plain ${plain?.toFixed(2)} ms, blocked ${blocked?.toFixed(2)} ms: ${((blocked ?? 0) / (plain ?? 1)).toFixed(2)}`,
    )
  }
}
