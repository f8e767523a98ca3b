// What a step of training is made of: share of the time of its kernels by operator, for the networks of training.ts, on one thread.
// Run: node dist/bench/training-operators.js [NAME…]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeTimes } from '#engine/evaluate/node-times'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { prepareTraining } from '#engine/train/prepare-training'
import { stepKernels } from '#engine/train/step-kernels'
import { buildStepGraph } from '#engine/train/step-graph'
import { parseModel } from '#src/onnx/text/parse-model'
import type { BenchNetwork } from './training/networks.ts'
import { NETWORKS } from './training/networks.ts'

const RUNS = 8
const SHOWN = 9
const runtime = openRuntime()

async function stepOf({ text, batch }: BenchNetwork) {
  const kernels = await stepKernels(runtime, batch)
  const { model } = await prepareTraining(parseModel(text), runtime)
  const loss = {
    kind: 'cross_entropy',
    output: 'y',
    target: 'labels',
    targetType: 'int64',
  } as const
  return buildStepGraph(
    model,
    [{ ...loss, weight: 1, axis: -1, smoothing: 0 }],
    {
      optimizer: { type: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 },
      clipNorm: null,
      batchNorm: 'train',
      frozenLayers: [],
      keepZeros: false,
    },
    kernels,
  )
}

function batchOf({ input, batch, classes }: BenchNetwork): Record<string, RuntimeTensor> {
  const dims = [batch, ...input.shape]
  const count = dims.reduce((product, dim) => product * dim, 1)
  const { ids } = input
  const x: RuntimeTensor =
    ids === null
      ? {
          dtype: 'float32',
          dims,
          data: Float32Array.from({ length: count }, (_, at) => Math.sin(at)),
        }
      : {
          dtype: 'int64',
          dims,
          data: BigInt64Array.from({ length: count }, (_, at) => BigInt(at % ids)),
        }
  const labels = BigInt64Array.from({ length: batch }, (_, at) => BigInt(at % classes))
  return { x, labels: { dtype: 'int64', dims: [batch], data: labels } }
}

const names = process.argv.slice(2)
for (const network of NETWORKS) {
  if (names.length > 0 && !names.some((name) => network.name.startsWith(name))) continue
  const step = await stepOf(network)
  const feeds = batchOf(network)
  for (const { input, dims, initial } of step.state) {
    feeds[input] = { dtype: 'float32', dims, data: initial }
  }
  for (const input of step.scalars.values()) {
    feeds[input] = { dtype: 'float32', dims: [], data: Float32Array.of(0) }
  }
  const scratch = await mkdtemp(join(tmpdir(), 'tersor-operators-'))
  const { operators } = await nodeTimes(step.model, feeds, runtime, {
    threads: 1,
    runs: RUNS,
    scratch,
  })
  await rm(scratch, { recursive: true, force: true })
  const whole = [...operators.values()].reduce((sum, time) => sum + time, 0)
  const sorted = [...operators].toSorted(([, one], [, other]) => other - one).slice(0, SHOWN)
  const shares = sorted.map(([name, time]) => `${name} ${((100 * time) / whole).toFixed(0)} %`)
  console.log(`${network.name}: ${whole.toFixed(1)} ms in kernels: ${shares.join(', ')}`)
}
