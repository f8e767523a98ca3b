// Time of a step with a batch in one piece and in parts: one session of all threads against as many sessions of one thread side by side.
// Interleaved in rounds, medians; only on an idle machine do they tell anything. Run: node dist/bench/training-shards.js [PARTS] [ROUNDS] [NAME…]

import { join } from 'node:path'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { openRuntime } from '#engine/runtime/ort'
import { openSessionThreads } from '#engine/runtime/session-threads'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { prepareTraining } from '#engine/train/prepare-training'
import type { TrainOptions } from '#engine/train/train-options'
import { trainingStep } from '#engine/train/training-step'
import { Weights } from '#engine/train/weights'
import { parseModel } from '#src/onnx/text/parse-model'
import { median } from './median.ts'
import type { BenchNetwork } from './training/networks.ts'
import { NETWORKS } from './training/networks.ts'

const [parts = '2', rounds = '30', ...names] = process.argv.slice(2)
const BATCH = 64
/** Steps of a round: long enough for a clock, short enough for neighbours to hit all alike. */
const STEPS = 4
const entry = join(import.meta.dirname, '../workers/engine/runtime/session-thread.js')
const runtime = openRuntime(openSessionThreads(entry, Number(parts)))

const LOSS: LossTerm = {
  kind: 'cross_entropy',
  output: 'y',
  target: 'labels',
  targetType: 'int64',
  weight: 1,
  axis: -1,
  smoothing: 0,
}

const OPTIONS: TrainOptions = {
  epochs: 1,
  batchSize: BATCH,
  optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  learningRate: 1e-4,
  schedule: { kind: 'constant', warmUp: 0 },
  seed: 0,
  clipNorm: 1,
  batchNorm: 'train',
  frozenLayers: [],
  keepZeros: true,
  averaging: null,
  earlyStopping: null,
  augmentations: [],
  shards: 1,
  threads: Number(parts),
}

function batchOf({ input, classes }: BenchNetwork): Record<string, RuntimeTensor> {
  const { ids, shape } = input
  const size = BATCH * shape.reduce((product, dim) => product * dim, 1)
  const dims = [BATCH, ...shape]
  const x: RuntimeTensor =
    ids === null
      ? { dtype: 'float32', dims, data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)) }
      : {
          dtype: 'int64',
          dims,
          data: BigInt64Array.from({ length: size }, (_, i) => BigInt((i * 7) % ids)),
        }
  const labels = BigInt64Array.from({ length: BATCH }, (_, row) => BigInt(row % classes))
  return { x, labels: { dtype: 'int64', dims: [BATCH], data: labels } }
}

async function opened(network: BenchNetwork, shards: number) {
  const { model } = await prepareTraining(parseModel(network.text), runtime)
  const options = { ...OPTIONS, shards }
  const split = { batch: BATCH, shards, stepsPerEpoch: 1, heldBack: new Uint32Array(0) }
  const order = () => new Uint32Array(0)
  const step = await trainingStep(model, [LOSS], options, { ...split, order }, runtime)
  const [runner, weights] = [await step.open(), new Weights(step.graph.state, null, null)]
  const batch = batchOf(network)
  let count = 0
  const run = async (): Promise<number> => {
    const before = performance.now()
    for (let each = 0; each < STEPS; each += 1) {
      await runner.run(batch, weights, count, rounds.length)
      count += 1
    }
    return (performance.now() - before) / STEPS
  }
  return { run, release: () => runner.release(), executors: step.executors }
}

for (const network of NETWORKS) {
  if (names.length > 0 && !names.some((start) => network.name.startsWith(start))) continue
  const sides = [await opened(network, 1), await opened(network, Number(parts))] as const
  for (const side of sides) await side.run()
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < Number(rounds); round += 1) {
    // Whoever comes second may find the machine as the first left it.
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
      times[side as 0 | 1].push(await sides[side as 0 | 1].run())
    }
  }
  for (const side of sides) await side.release()
  const [whole, cut] = times.map((of) => {
    return `${median(of).toFixed(1)} ms (least ${Math.min(...of).toFixed(1)})`
  })
  const ratio = median(times[0].map((time, round) => time / (times[1][round] ?? time)))
  console.log(
    `${network.name.padEnd(26)} whole, ${parts} threads: ${whole} | ${parts} parts, ${sides[1].executors} at once: ${cut} | ${ratio.toFixed(2)} times as fast`,
  )
}
