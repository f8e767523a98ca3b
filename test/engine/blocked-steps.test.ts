import { describe, expect, it } from 'vitest'
import { blockSizeOf } from '#engine/blocked/block-size'
import { BLOCKED_DOMAIN } from '#engine/ops/blocked-kernels'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { prepareTraining } from '#engine/train/prepare-training'
import type { StepGraph } from '#engine/train/step-graph'
import { buildStepGraph } from '#engine/train/step-graph'
import type { StepKernels } from '#engine/train/step-kernels'
import { stepKernels } from '#engine/train/step-kernels'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { seededRandom } from '#test/support/seeded-random'
import type { BlockedCase } from './blocked-step-cases.ts'
import { BLOCKED_CASES } from './blocked-step-cases.ts'
import { OPTIONS } from './train-toy.ts'

const runtime = openRuntime()
const block = await blockSizeOf(runtime)

const TOLERANCE = 1e-5
/** Of the largest gradient: what a norm takes out again is noise. */
const NOISE = 0.05

async function stepOf(one: BlockedCase, kernels: StepKernels): Promise<StepGraph> {
  const { channels, side, weights, body } = one
  const outputs = /Gemm/.test(body) ? 5 : 2
  const { model } = await prepareTraining(
    parseModel(`<ir_version: 8, opset_import: ["" : 18]>
      g (float[n, ${channels}, ${side}, ${side}] x) => (float[n, ${outputs}] y) <${weights}> { ${body} }`),
    runtime,
  )
  const term = {
    kind: 'squared_error',
    output: 'y',
    target: 'wanted',
    targetType: 'float32',
  } as const
  const optimizer = { type: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0 } as const
  const options = { ...OPTIONS, optimizer, batchNorm: 'train' } as const
  return buildStepGraph(model, [{ ...term, weight: 1, scale: 'absolute' }], options, kernels)
}

async function run(step: StepGraph, one: BlockedCase) {
  const session = await runtime.load(modelBytes(step.model, 'inline'), {
    threads: 1,
    optimization: 'basic',
  })
  const random = seededRandom(5)
  const tensor = (dims: number[]): RuntimeTensor => {
    const count = dims.reduce((product, dim) => product * dim, 1)
    return {
      dtype: 'float32',
      dims,
      data: Float32Array.from({ length: count }, () => 2 * random() - 1),
    }
  }
  const feeds: Record<string, RuntimeTensor> = {
    x: tensor([one.batch, one.channels, one.side, one.side]),
    wanted: tensor([one.batch, /Gemm/.test(one.body) ? 5 : 2]),
  }
  for (const { input, dims, initial } of step.state) {
    feeds[input] = { dtype: 'float32', dims, data: initial }
  }
  for (const input of step.scalars.values()) {
    feeds[input] = { dtype: 'float32', dims: [], data: Float32Array.of(0.1) }
  }
  try {
    const results = await session.run(feeds)
    return step.state.map(({ output, input, role }) => {
      return { input, role, data: results[output]?.data as Float32Array }
    })
  } finally {
    await session.release()
  }
}

const largest = (data: Float32Array): number =>
  data.reduce((most, element) => Math.max(most, Math.abs(element)), 0)

/** On a machine without such kernels both steps are plain. */
describe('a step on blocked kernels', () => {
  it.each(BLOCKED_CASES)('computes what a plain one does: $title', async (one) => {
    const [plain, blocked] = [
      await stepOf(one, { block: 'none' }),
      await stepOf(one, await stepKernels(runtime, one.batch)),
    ]
    const nodes = [...blocked.model.graph.nodes()]
    const isBlocked = nodes.some(({ domain }) => domain === BLOCKED_DOMAIN)
    if (block === 16) expect(isBlocked).toBe(one.isBlocked)
    const [expected, found] = [await run(plain, one), await run(blocked, one)]
    const gradients = expected.filter(({ role }) => role === 'slot')
    const scale = Math.max(...gradients.map(({ data }) => largest(data)))
    expect(scale).toBeGreaterThan(0.01)
    for (const [index, { input, role, data }] of expected.entries()) {
      const own = found[index]!
      expect(own.input).toBe(input)
      const allowed = Math.max(largest(data), role === 'slot' ? NOISE * scale : 0)
      const apart = largest(data.map((element, at) => element - own.data[at]!))
      expect(apart / allowed, input).toBeLessThan(TOLERANCE)
    }
  })
})
