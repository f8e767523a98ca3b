// Compares the gradients of a whole network's weights with central differences of its loss.

import { differentiate } from '#engine/autodiff/differentiate'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { exposeAsInputs, trainableWeights } from '#engine/train/trainable-weights'
import { tensorType } from '#src/onnx/ir/value-type'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { seededRandom } from './seeded-random.ts'

export interface NetworkCase {
  readonly title: string
  /** A graph whose only output is a scalar loss; its weights are initializers. */
  readonly graph: string
  /** Sizes of the named dimensions, and of the inputs of whole numbers what they are below. */
  readonly sizes: Readonly<Record<string, number>>
  readonly below?: number
  readonly opset?: number
}

export interface WeightError {
  readonly weight: string
  /** Greatest difference, of the greatest difference quotient. */
  readonly relativeError: number
  readonly magnitude: number
}

const STEP = 4e-3
/** Elements of each weight that are checked: those with the greatest gradients. */
const CHECKED = 5

export async function checkNetwork(test: NetworkCase, seed: number): Promise<WeightError[]> {
  const runtime = openRuntime()
  const random = seededRandom(seed)
  const header = `<ir_version: 10, opset_import: ["" : ${test.opset ?? 21}]>`
  const model = parseModel(`${header} ${test.graph}`)
  const feeds: Record<string, RuntimeTensor> = {}
  for (const { name, type } of model.graph.inputs) {
    if (type?.kind !== 'tensor') continue
    const dims = (type.shape ?? []).map((dim) =>
      typeof dim === 'number' ? dim : (test.sizes[dim ?? ''] ?? 1),
    )
    const count = dims.reduce((product, dim) => product * dim, 1)
    const dtype = type.dtype === 'int64' ? 'int64' : 'float32'
    const data =
      dtype === 'int64'
        ? BigInt64Array.from({ length: count }, () =>
            BigInt(Math.floor(random() * (test.below ?? 2))),
          )
        : Float32Array.from({ length: count }, () => random() * 2 - 1)
    feeds[name] = { dtype, dims, data }
  }
  const [loss] = model.graph.outputs
  if (loss === undefined) throw new Error('the network has no loss')
  const weights = trainableWeights(model)
  const elements = exposeAsInputs(model, weights)
  const gradients = differentiate(model, loss, weights, { prefix: 'gradient/' })
  for (const gradient of gradients.values()) {
    gradient.type = tensorType('float32', null)
    if (!gradient.isGraphOutput) model.graph.outputs.push(gradient)
  }
  for (const { name, type } of weights) {
    const dims = type?.kind === 'tensor' ? ((type.shape ?? []) as number[]) : []
    feeds[name] = { dtype: 'float32', dims, data: elements.get(name) ?? new Float32Array(0) }
  }
  const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'basic' })
  const results = await session.run(feeds)
  const lossAt = async (): Promise<number> => {
    const values = await session.run(feeds, [loss.name])
    return Number(values[loss.name]?.data[0])
  }
  const errors: WeightError[] = []
  for (const weight of weights) {
    const gradient = results[gradients.get(weight)?.name ?? '']?.data as Float32Array | undefined
    const values = elements.get(weight.name)
    if (gradient === undefined || values === undefined || gradient.length !== values.length) {
      throw new Error(`'${weight.name}' has no gradient of its shape`)
    }
    const steepest = [...gradient.keys()]
      .toSorted((one, other) => Math.abs(gradient[other]!) - Math.abs(gradient[one]!))
      .slice(0, CHECKED)
    let worst = 0
    let magnitude = 0
    for (const index of steepest) {
      const kept = values[index]!
      values[index] = kept + STEP
      const [high, above] = [values[index], await lossAt()]
      values[index] = kept - STEP
      const [low, below] = [values[index], await lossAt()]
      values[index] = kept
      const numeric = (above - below) / (high - low)
      worst = Math.max(worst, Math.abs(gradient[index]! - numeric))
      magnitude = Math.max(magnitude, Math.abs(numeric))
    }
    errors.push({ weight: weight.name, relativeError: worst / magnitude, magnitude })
  }
  await session.release()
  return errors
}
