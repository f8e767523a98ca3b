// Resident memory of a process over many steps of training, checkpoints included: is it flat?
// Usage: npm run build && node --expose-gc dist/bench/training-memory.js [steps = 10000] [parts of a batch = 1]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import { openSessionThreads } from '#engine/runtime/session-threads'
import type { Samples } from '#engine/evaluate/judge'
import { trainModel } from '#engine/train/train-model'
import { parseModel } from '#src/onnx/text/parse-model'
import { writeCheckpoint } from '#workers/steps/checkpoint-file'
import { NETWORKS } from './training/networks.ts'
import { LABEL_LOSS } from './training/label-loss.ts'

const steps = Number(process.argv[2] ?? 10_000)
const shards = Number(process.argv[3] ?? 1)
const entry = join(import.meta.dirname, '../workers/engine/runtime/session-thread.js')
const LOOKS = 20
const BATCH = 8
const SAMPLES = 512
const CHECKPOINT_EVERY = 500
const MIB = 2 ** 20

const [network] = NETWORKS
if (network === undefined) throw new Error('there is no network')
const size = network.input.shape.reduce((product, dim) => product * dim, 1)
const data = Float32Array.from({ length: SAMPLES * size }, (_, index) => Math.sin(index * 0.37))
const samples: Samples = {
  count: SAMPLES,
  batch: (start, end) =>
    Promise.resolve({
      x: {
        dtype: 'float32',
        dims: [end - start, ...network.input.shape],
        data: data.slice(start * size, end * size),
      },
      labels: {
        dtype: 'int64',
        dims: [end - start],
        data: BigInt64Array.from({ length: end - start }, (_, row) =>
          BigInt((start + row) % network.classes),
        ),
      },
    }),
}

const folder = await mkdtemp(join(tmpdir(), 'tersor-training-memory-'))
const looks: { readonly step: number; readonly mib: number }[] = []
let checkpoints = 0
try {
  const options = {
    epochs: Math.ceil(steps / (SAMPLES / BATCH)),
    batchSize: BATCH,
    optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    learningRate: 1e-3,
    schedule: { kind: 'cosine', warmUp: 0 },
    seed: 0,
    clipNorm: 1,
    batchNorm: 'train',
    frozenLayers: [],
    keepZeros: true,
    averaging: 0.99,
    earlyStopping: null,
    augmentations: [],
    shards,
    threads: shards,
  } as const
  const task = { terms: [LABEL_LOSS], teacher: null, samples, options }
  await trainModel(parseModel(network.text), task, openRuntime(openSessionThreads(entry, shards)), {
    onStep: ({ step }) => {
      if (step % Math.ceil(steps / LOOKS) !== 0) return
      // What is only not collected yet would hide what is held.
      globalThis.gc?.()
      looks.push({ step, mib: process.memoryUsage.rss() / MIB })
    },
    checkpoint: {
      isDue: (step) => step % CHECKPOINT_EVERY === 0,
      save: async (checkpoint) => {
        checkpoints += 1
        const path = join(folder, String(checkpoints))
        writeCheckpoint(path, checkpoint, { revision: 0, fingerprint: '', id: '' })
        await rm(path)
      },
    },
  })
} finally {
  await rm(folder, { recursive: true, force: true })
}

for (const { step, mib } of looks) console.log(`step ${step}: ${mib.toFixed(1)} MiB`)
const half = looks.slice(looks.length / 2)
const [from, to] = [half[0], half.at(-1)]
if (from === undefined || to === undefined) throw new Error('too few steps')
const growth = ((to.mib - from.mib) / (to.step - from.step)) * 10_000
console.log(
  `${network.name}: ${growth.toFixed(2)} MiB for 10 000 steps over the second half, ${checkpoints} checkpoints`,
)
