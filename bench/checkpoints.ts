// What checkpoints cost a training: processor time of writing one and of storing it as the worker does, against the interval.
// Usage: npm run build && node dist/bench/checkpoints.js [seconds between checkpoints = 60] [rounds = 5]

import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import type { Samples } from '#engine/evaluate/judge'
import { trainModel } from '#engine/train/train-model'
import { openFsBlobs } from '#src/adapters/blobs/fs'
import { parseModel } from '#src/onnx/text/parse-model'
import { writeCheckpoint } from '#workers/steps/checkpoint-file'
import { median } from './median.ts'

const interval = Number(process.argv[2] ?? 60)
const rounds = Number(process.argv[3] ?? 5)
const STEPS_BETWEEN = 3
const BATCH = 8
const COST_SHARE = 0.01
const LIMIT = { maxBytes: Number.MAX_SAFE_INTEGER }

/** Layers of `width` × `width`: a step costs about what their weights weigh, so the checkpoint is large for its training. */
function network(width: number, layers: number): string {
  const weights = Array.from(
    { length: layers },
    (_, layer) =>
      `float[${width}, ${width}] w${layer} = random(${layer + 1}, ${(1.7 / Math.sqrt(width)).toFixed(5)})`,
  )
  const nodes = weights.map(
    (_, layer) =>
      `m${layer} = MatMul (${layer === 0 ? 'x' : `r${layer - 1}`}, w${layer}) r${layer} = Relu (m${layer})`,
  )
  return `<ir_version: 8, opset_import: ["" : 17]>
  net (float[batch, ${width}] x) => (float[batch, ${width}] y)
  < ${weights.join(', ')} >
  { ${nodes.join('\n')} y = Identity (r${layers - 1}) }`
}

function samplesOf(width: number): Samples {
  const x = Float32Array.from({ length: 64 * width }, (_, index) => Math.sin(index * 0.37))
  const of = (start: number, end: number) => ({
    dtype: 'float32' as const,
    dims: [end - start, width],
    data: x.slice(start * width, end * width),
  })
  return { count: 64, batch: async (start, end) => ({ x: of(start, end), target: of(start, end) }) }
}

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function measure(width: number, layers: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-checkpoint-cost-'))
  const blobs = await openFsBlobs({ folder: join(folder, 'blobs') })
  const [steps, writes, blocked, stores]: number[][] = [[], [], [], []]
  let size = 0
  let count = 0
  let last = processorMs()
  const term = {
    kind: 'squared_error',
    output: 'y',
    target: 'target',
    targetType: 'float32',
    weight: 1,
    scale: 'absolute',
  } as const
  const options = {
    epochs: Math.ceil((rounds * STEPS_BETWEEN * BATCH) / 64),
    batchSize: BATCH,
    optimizer: { type: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    learningRate: 1e-5,
    schedule: { kind: 'constant', warmUp: 0 },
    seed: 0,
    clipNorm: null,
    batchNorm: 'train',
    frozenLayers: [],
    keepZeros: false,
    averaging: null,
    earlyStopping: null,
    augmentations: [],
    shards: 1,
    threads: 1,
  } as const
  try {
    const task = { terms: [term], teacher: null, samples: samplesOf(width), options }
    await trainModel(parseModel(network(width, layers)), task, openRuntime(), {
      onStep: () => {
        steps!.push(processorMs() - last)
        last = processorMs()
      },
      checkpoint: {
        isDue: (step) => step % STEPS_BETWEEN === 0,
        save: async (checkpoint) => {
          count += 1
          const path = join(folder, `${count}.checkpoint`)
          const [began, from] = [processorMs(), performance.now()]
          writeCheckpoint(path, checkpoint, { revision: 0, fingerprint: '', id: String(count) })
          const written = processorMs()
          blocked!.push(performance.now() - from)
          writes!.push(written - began)
          const blob = await blobs.put(createReadStream(path), LIMIT)
          stores!.push(processorMs() - written)
          size = blob.size
          await blobs.delete(blob.key)
          await rm(path)
          last = processorMs()
        },
      },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const [step, write, block, store] = [steps, writes, blocked, stores].map((all) => median(all!))
  // As the child does: it spaces them out so that writing takes no more than 1 % of the time.
  const every = Math.max(interval, write! / 1000 / COST_SHARE)
  const share = (write! + store!) / (every * 1000)
  console.log(
    [
      `${((width * width * layers) / 1e6).toFixed(1)} M weights`,
      `checkpoint ${(size / 2 ** 20).toFixed(1)} MiB`,
      `step ${step!.toFixed(1)} ms`,
      `child writes in ${write!.toFixed(1)} ms and stands still for ${block!.toFixed(1)} ms`,
      `worker stores in ${store!.toFixed(1)} ms`,
      `every ${every.toFixed(0)} s: ${(100 * share).toFixed(2)} % of one processor`,
    ].join(' | '),
  )
}

await measure(256, 4)
await measure(1024, 5)
await measure(1024, 25)
