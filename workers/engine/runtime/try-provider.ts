// Whether a provider works on this machine: a small convolution runs on it, and says what the CPU says.

import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { outputsAgree } from '../evaluate/outputs-agree.ts'
import { randomFeeds } from '../evaluate/random-feeds.ts'
import type { LoadOptions, Provider, Runtime, RuntimeTensor } from './runtime.ts'
import { RuntimeRejection } from './runtime.ts'

const MODEL = `
  <ir_version: 8, opset_import: ["" : 13]>
  tiny (float[1, 4, 8, 8] x) => (float[1, 8] y)
  < float[8, 4, 3, 3] w = random(1, 0.3), float[8] b = random(2, 0.3), float[8, 8] v = random(3, 0.3), int64[2] s = {1, 8} >
  { c = Conv (x, w, b)  r = Relu (c)  p = GlobalAveragePool (r)  f = Reshape (p, s)  y = MatMul (f, v) }
`

/** Empty when it works; else what is wrong, for the operator's log: the runtime's own text. */
export async function tryProvider(
  provider: Provider,
  runtime: Runtime,
  scratch: string,
): Promise<string> {
  const model = modelBytes(parseModel(MODEL))
  const feeds = randomFeeds({ x: { dtype: 'float32', shape: [1, 4, 8, 8] } })
  const options: LoadOptions = { threads: 1, optimization: 'all' }
  try {
    const expected = await runOnce(runtime, model, options, feeds)
    const actual = await runOnce(runtime, model, { ...options, provider }, feeds)
    if (!outputsAgree(expected, actual)) return 'its results differ from those of the CPU'
    const nodes = await runtime.trace(model, { ...options, provider }, feeds, scratch)
    const isUsed = nodes.some((node) => node.provider === provider)
    return isUsed ? '' : 'the runtime left every node to another provider'
  } catch (error) {
    if (error instanceof RuntimeRejection) return error.detail
    throw error
  }
}

async function runOnce(
  runtime: Runtime,
  model: Uint8Array,
  options: LoadOptions,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<Readonly<Record<string, RuntimeTensor>>> {
  const session = await runtime.load(model, options)
  const outputs = await session.run(feeds)
  await session.release()
  return outputs
}
