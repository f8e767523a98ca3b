// Time of a step with a batch in one piece and in parts: one session of all threads against as many sessions of one thread side by side.
// Interleaved in rounds. Beside other work the clock tells nothing; the processor time of the busiest thread does: what a step takes at
// least where each thread has a processor. Wants Linux. Run: node dist/bench/training-shards.js [PARTS] [ROUNDS] [SIDE OF COLOUR PICTURES] [NAME…]

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { openRuntime } from '#engine/runtime/ort'
import { openSessionThreads } from '#engine/runtime/session-threads'
import { prepareTraining } from '#engine/train/prepare-training'
import type { TrainOptions } from '#engine/train/train-options'
import { trainingStep } from '#engine/train/training-step'
import { Weights } from '#engine/train/weights'
import { parseModel } from '#src/onnx/text/parse-model'
import { median } from './median.ts'
import type { BenchNetwork } from './training/networks.ts'
import { NETWORKS } from './training/networks.ts'
import { LABEL_LOSS } from './training/label-loss.ts'

const [parts = '2', rounds = '30', side = '16', ...names] = process.argv.slice(2)
const BATCH = 64
/** Steps of a round: long enough for a clock, short enough for neighbours to hit all alike. */
const STEPS = 4
const entry = join(import.meta.dirname, '../workers/engine/runtime/session-thread.js')
const runtime = openRuntime(openSessionThreads(entry, Number(parts)))

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
  const step = await trainingStep(model, [LABEL_LOSS], options, { ...split, order }, runtime)
  const [runner, weights] = [await step.open(), new Weights(step.graph.state, null, null)]
  const batch = batchOf(network)
  let count = 0
  const run = async (): Promise<Round> => {
    const [before, start] = [processorTimes(), performance.now()]
    for (let each = 0; each < STEPS; each += 1) {
      await runner.run(batch, weights, count, Infinity)
      count += 1
    }
    const clock = (performance.now() - start) / STEPS
    const after = [...processorTimes()].map(([thread, time]) => time - (before.get(thread) ?? 0))
    return { clock, busiest: Math.max(...after) / STEPS }
  }
  return { run, release: () => runner.release(), executors: step.executors }
}

/** Milliseconds of a step. */
interface Round {
  readonly clock: number
  readonly busiest: number
}

/** Milliseconds that each thread of this process has computed. */
function processorTimes(): Map<string, number> {
  const threads = readdirSync('/proc/self/task')
  const timeOf = (thread: string): number =>
    Number(readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  return new Map(threads.map((thread) => [thread, timeOf(thread)]))
}

function told(all: readonly Round[]): string {
  const busiest = all.map((round) => round.busiest)
  const clock = median(all.map((round) => round.clock))
  return `${median(busiest).toFixed(1)} ms (least ${Math.min(...busiest).toFixed(1)}, by the clock ${clock.toFixed(1)})`
}

/** Pictures in colour of another size; others as they are. */
function sized(network: BenchNetwork): BenchNetwork {
  const { input, text } = network
  if (input.shape[0] !== 3) return network
  const shape = [3, Number(side), Number(side)]
  return {
    ...network,
    text: text.replace(input.shape.join(), shape.join()),
    input: { ...input, shape },
  }
}

for (const network of NETWORKS.map(sized)) {
  if (names.length > 0 && !names.some((start) => network.name.startsWith(start))) continue
  const sides = [await opened(network, 1), await opened(network, Number(parts))] as const
  for (const { run } of sides) await run()
  const times: [Round[], Round[]] = [[], []]
  for (let round = 0; round < Number(rounds); round += 1) {
    // Whoever comes second may find the machine as the first left it.
    for (const one of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      times[one].push(await sides[one].run())
    }
  }
  for (const { release } of sides) await release()
  const ratios = times[0].map(({ busiest }, round) => busiest / (times[1][round]?.busiest ?? NaN))
  console.log(
    [
      network.name.padEnd(26),
      `whole, ${parts} threads: ${told(times[0])}`,
      `${parts} parts, ${sides[1].executors} at once: ${told(times[1])}`,
      `${median(ratios).toFixed(2)} times as fast`,
    ].join(' | '),
  )
}
