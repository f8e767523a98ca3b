// Whether models of all kinds can be trained: each is shaken by noise on its weights and taught, for some steps on a few samples
// of noise, to answer as it did before. Run: node dist/bench/training-models.js FOLDER [STEPS] [NAME…]

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { randomFeeds } from '#engine/evaluate/random-feeds'
import { openRuntime } from '#engine/runtime/ort'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { teacherTarget } from '#engine/train/teacher'
import { trainModel } from '#engine/train/train-model'
import { trainableWeights } from '#engine/train/trainable-weights'
import { liftConstants } from '#engine/rewrite/lift-constants'
import { nodeRulePass } from '#engine/rewrite/pass'
import { inspectModel } from '#src/onnx/inspect-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { typedTensor } from '#src/onnx/ir/tensor'
import { readModel } from '#src/onnx/read-model'
import { floatValues } from '#src/onnx/tensor-values'
import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import { verifyAndCount } from '#src/onnx/verify-model'

const SAMPLES = 2
/** Of pictures and texts whose size the model leaves open. */
const SIDE = 56
/** Noise on each weight, of the weights' root mean square. */
const SHAKEN = 0.1
const runtime = openRuntime()

function shake(model: Model): void {
  let state = 1
  const noise = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
  for (const value of trainableWeights(model)) {
    const tensor = value.constant
    if (tensor === null || tensor.dims.length < 2) continue
    const values = floatValues(tensor)
    const size = Math.sqrt(values.reduce((sum, one) => sum + one * one, 0) / values.length)
    const shaken = values.map((one) => one + SHAKEN * size * noise())
    model.graph.setInitializer(value, typedTensor(value.name, 'float32', tensor.dims, shaken))
  }
}

/** `null` for models that do not take a batch of numbers. */
function feedsOf({ graph }: Model) {
  const shapes: Record<string, { dtype: 'float32' | 'int64'; shape: number[] }> = {}
  for (const { name, type, initializer } of graph.inputs) {
    if (initializer !== null) continue
    const dtype = type?.kind === 'tensor' ? type.dtype : 'none'
    if (type?.kind !== 'tensor' || (dtype !== 'float32' && dtype !== 'int64')) return null
    const shape = (type.shape ?? []).map((dim, axis) => {
      if (typeof dim === 'number' && dim > 0) return dim
      return axis === 0 ? SAMPLES : SIDE
    })
    if (shape.length === 0) return null
    shapes[name] = { dtype, shape }
  }
  const batches = new Set(Object.values(shapes).map(({ shape }) => shape[0]))
  if (batches.size !== 1) return null
  const feeds = randomFeeds(shapes)
  // An attention mask of zeros would leave nothing.
  for (const { data } of Object.values(feeds)) if (data instanceof BigInt64Array) data.fill(1n)
  return feeds
}

async function tryModel(path: string, steps: number): Promise<string> {
  const open = () => readModel(bufferRange(readFileSync(path)))
  const [teacher, student] = [open(), open()]
  const { support } = inspectModel(teacher, await verifyAndCount(teacher))
  if (!support.distill.supported) return `refused: ${support.distill.notes.join('; ')}`
  const feeds = feedsOf(student)
  if (feeds === null) return 'takes no batch of numbers'
  const count = Object.values(feeds)[0]?.dims[0] ?? 1
  const terms = student.graph.outputs.flatMap(({ name, type }): LossTerm[] => {
    if (type?.kind === 'tensor' && type.dtype !== 'float32') return []
    const target = { output: name, target: teacherTarget(name), targetType: 'float32' } as const
    return [{ kind: 'squared_error', ...target, weight: 1, scale: 'relative' }]
  })
  upgradeOpset(student)
  await nodeRulePass(liftConstants).run(student, runtime)
  shake(student)
  const losses: number[] = []
  const start = performance.now()
  const report = await trainModel(
    student,
    {
      terms,
      teacher,
      samples: { count, batch: () => Promise.resolve(feeds) },
      options: {
        epochs: steps,
        batchSize: count,
        optimizer: { type: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 },
        learningRate: 1e-4,
        schedule: { kind: 'constant', warmUp: 0 },
        seed: 0,
        clipNorm: 1,
        batchNorm: 'frozen',
        frozenLayers: [],
        keepZeros: false,
        averaging: null,
        earlyStopping: null,
        augmentations: [],
        shards: 1,
        threads: 1,
      },
    },
    runtime,
    { onStep: ({ loss }) => void losses.push(loss) },
  )
  const [first = 0, last = 0] = [losses[0], losses.at(-1)]
  const verdict = last < first ? 'falls' : 'DOES NOT FALL'
  const each = ((performance.now() - start) / steps).toFixed(0)
  return `${verdict} ${first.toExponential(2)} → ${last.toExponential(2)}, ${report.trainedParameters} parameters, ${report.untrained.length} weights out of reach, ${each} ms a step with building`
}

const [folder = '.', steps = '8', ...names] = process.argv.slice(2)
for (const name of readdirSync(folder).filter((file) => file.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((wanted) => name.includes(wanted))) continue
  const result = await tryModel(join(folder, name), Number(steps)).catch((error: unknown) => {
    return `FAILED ${String(error)} ${(error as { detail?: string }).detail ?? ''}`.slice(0, 400)
  })
  console.log(`${name}: ${result}`)
}
