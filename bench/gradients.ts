// Gradients of every weight of whole models against PyTorch: the same file, inputs and targets, mean squared error of all outputs.
// `error` is ‖ours − torch64‖ ÷ ‖torch64‖ over all weights together; beside it, what PyTorch itself is off in float32.
// Wants a Python with torch and onnx. Run: node dist/bench/gradients.js PYTHON FOLDER [NAME…]

import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { randomFeeds } from '#engine/evaluate/random-feeds'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { LossTerm } from '#engine/train/losses/loss-term'
import { openWeightGradients } from '#engine/train/weight-gradients'
import { inspectModel } from '#src/onnx/inspect-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { verifyAndCount } from '#src/onnx/verify-model'
import { modelBytes } from '#src/onnx/write-model'

const BATCH = 2
/** Of sizes that a model leaves open. */
const SIDE = 32
const BOUND = 1e-4
const runtime = openRuntime()

interface PeerResult {
  readonly loss: number
  readonly error: number
  readonly torch_error: number
  readonly weights: number
  readonly worst: readonly [number, string]
}

function feedsOf({ graph }: Model): Record<string, RuntimeTensor> {
  const shapes: Record<string, { dtype: 'float32' | 'int64'; shape: number[] }> = {}
  for (const { name, type, initializer } of graph.inputs) {
    if (initializer !== null || type?.kind !== 'tensor') continue
    const dtype = type.dtype === 'int64' ? 'int64' : 'float32'
    const shape = (type.shape ?? []).map((dim, axis) =>
      typeof dim === 'number' && dim > 0 ? dim : axis === 0 ? BATCH : SIDE,
    )
    shapes[name] = { dtype, shape }
  }
  const feeds = randomFeeds(shapes)
  for (const { data } of Object.values(feeds)) {
    if (data instanceof BigInt64Array)
      data.forEach((_, index) => (data[index] = BigInt(index % 97)))
  }
  return feeds
}

async function targetsOf(model: Model, feeds: Record<string, RuntimeTensor>) {
  const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'basic' })
  const answers = await session.run(feeds)
  await session.release()
  return Object.fromEntries(
    Object.entries(answers)
      .filter(([, { dtype }]) => dtype === 'float32')
      .map(([name, { dims, data }]) => {
        const values = Float32Array.from(data as Float32Array, (value, index) => {
          return value * 0.5 + Math.sin(index)
        })
        return [name, { dtype: 'float32', dims, data: values } as const]
      }),
  )
}

async function compare(path: string, python: string): Promise<string> {
  const open = () => readModel(bufferRange(readFileSync(path)))
  const model = open()
  const { support } = inspectModel(model, await verifyAndCount(model))
  if (!support.distill.supported) return `REFUSED ${support.distill.notes.join('; ')}`
  const feeds = feedsOf(model)
  const targets = await targetsOf(model, feeds)
  const terms = Object.keys(targets).map((output): LossTerm => {
    const target = { output, target: `target/${output}`, targetType: 'float32' } as const
    return { kind: 'squared_error', ...target, weight: 1, scale: 'absolute' }
  })
  const wanted = Object.entries(targets).map(([name, tensor]) => [`target/${name}`, tensor])
  const session = await openWeightGradients(model, terms, runtime, 1)
  const ours = await session.run({ ...feeds, ...Object.fromEntries(wanted) })
  await session.release()
  const folder = await mkdtemp(join(tmpdir(), 'tersor-gradients-'))
  try {
    let count = 0
    const write = async ({ dtype, dims, data }: RuntimeTensor) => {
      count += 1
      await writeFile(join(folder, `${count}.bin`), data)
      return { file: `${count}.bin`, dims, dtype }
    }
    const writeAll = async (tensors: Readonly<Record<string, RuntimeTensor>>) => {
      const entries: [string, unknown][] = []
      for (const [name, tensor] of Object.entries(tensors))
        entries.push([name, await write(tensor)])
      return Object.fromEntries(entries)
    }
    const gradients = [...ours.gradients].map(([name, data]) => {
      const dims = model.graph.initializers.get(name)?.constant?.dims ?? [data.length]
      return [name, { dtype: 'float32', dims, data } as const]
    })
    const task = {
      model: resolve(path),
      inputs: await writeAll(feeds),
      targets: await writeAll(targets),
      gradients: await writeAll(Object.fromEntries(gradients)),
    }
    await writeFile(join(folder, 'task.json'), JSON.stringify(task))
    const script = join(import.meta.dirname, '../../bench/training/gradient_peer.py')
    const text = execFileSync(python, [script, folder], { encoding: 'utf8' })
    const peer = JSON.parse(text) as PeerResult
    const lossApart = Math.abs(peer.loss - ours.loss) / peer.loss
    return [
      peer.error <= BOUND ? 'ok      ' : 'ABOVE   ',
      `error ${peer.error.toExponential(1)}`,
      `torch float32 ${peer.torch_error.toExponential(1)}`,
      `${peer.weights} weights`,
      `worst weight ${peer.worst[0].toExponential(1)} (${peer.worst[1]})`,
      `loss apart ${lossApart.toExponential(1)}`,
    ].join(' | ')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const [python = 'python3', folder = '.', ...names] = process.argv.slice(2)
for (const name of readdirSync(folder).filter((file) => file.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((wanted) => name.includes(wanted))) continue
  const result = await compare(join(folder, name), python).catch((error: unknown) => {
    return `FAILED ${String(error)}`.slice(0, 400)
  })
  console.log(`${name.padEnd(52)} ${result}`)
}
