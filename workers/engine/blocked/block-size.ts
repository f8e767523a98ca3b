// Whether the runtime has blocked convolutions on this machine, and of how many channels a block is. Asking such a kernel for what it
// cannot do may end the process: what the runtime itself makes of a small model tells without asking.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import type { BlockSize } from '../ops/blocked-conv.ts'
import { BLOCKED_DOMAIN } from '../ops/blocked-kernels.ts'
import { optimizedModel } from '../quantize/runtime-graph.ts'
import type { Runtime, RuntimeTensor } from '../runtime/runtime.ts'
import { RuntimeRejection } from '../runtime/runtime.ts'
import { blockConvolutions } from './block-convolutions.ts'

const known = new WeakMap<Runtime, Promise<BlockSize>>()

/** Found once for each runtime. */
export function blockSizeOf(runtime: Runtime): Promise<BlockSize> {
  const found = known.get(runtime) ?? findBlockSize(runtime)
  known.set(runtime, found)
  return found
}

const HEAD = '<ir_version: 8, opset_import: ["" : 18]>'

const SMALL = `${HEAD} g (float[1, 1, 4, 4] x) => (float[1, 1, 4, 4] y)
  <float[1, 1, 3, 3] w = random(1, 0.5)> { y = Conv<pads=[1, 1, 1, 1]>(x, w) }`

async function findBlockSize(runtime: Runtime): Promise<BlockSize> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-blocks-'))
  try {
    const { graph } = await optimizedModel(parseModel(SMALL), runtime, folder)
    const conv = [...graph.nodes()].find(({ domain, opType }) => {
      return domain === BLOCKED_DOMAIN && opType === 'Conv'
    })
    // The runtime fills the single output up to a block.
    const block = conv?.input(1)?.constant?.dims[0] ?? 1
    return block > 1 && (await isRight(block, runtime)) ? block : 'none'
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const TOLERANCE = 1e-4

/** Models may use the kernels, and they compute what the standard says. */
async function isRight(block: number, runtime: Runtime): Promise<boolean> {
  const build = () =>
    parseModel(`${HEAD} g (float[2, ${block}, 4, 4] x) => (float[2, ${block * 16}] y)
      <float[${block}, ${block}, 3, 3] w = random(1, 0.5), float[${block}, 1, 3, 3] v = random(2, 0.5)>
      { c = Conv<pads=[1, 1, 1, 1]>(x, w) d = Conv<pads=[1, 1, 1, 1], group=${block}>(c, v) y = Flatten(d) }`)
  const blocked = build()
  blockConvolutions(blocked, block, 'blocked/')
  try {
    const [expected, found] = [
      await outputOf(build(), block, runtime),
      await outputOf(blocked, block, runtime),
    ]
    return expected.every((number, index) => Math.abs(number - (found[index] ?? NaN)) < TOLERANCE)
  } catch (error) {
    if (error instanceof RuntimeRejection) return false
    throw error
  }
}

async function outputOf(model: Model, block: number, runtime: Runtime): Promise<Float32Array> {
  const session = await runtime.load(modelBytes(model, 'inline'), {
    threads: 1,
    optimization: 'basic',
  })
  try {
    const data = Float32Array.from({ length: 2 * block * 16 }, (_, index) => Math.sin(index))
    const x: RuntimeTensor = { dtype: 'float32', dims: [2, block, 4, 4], data }
    const { y } = await session.run({ x })
    return y?.data as Float32Array
  } finally {
    await session.release()
  }
}
