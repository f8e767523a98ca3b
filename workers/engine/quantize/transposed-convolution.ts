// Transposed convolution of stride s on integers: s² phases of the result are each a convolution of the input, all of them one
// convolution of s²·C channels, whose pixels are then spread out (Shi et al. 2016, arXiv 1609.07009). Runtimes have no kernel of
// integers for the operator itself.

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { typedTensor } from '#src/onnx/ir/tensor'
import { Value } from '#src/onnx/ir/value'
import { floatValues } from '#src/onnx/tensor-values'
import type { Facts } from '../ops/op.ts'
import { integerKernel } from '../ops/integer-kernel.ts'
import { FreshNames } from '../rewrite/fresh-names.ts'
import type { Phases } from './phases.ts'
import { phasesOf } from './phases.ts'
import type { IntegerSite } from './quantization-sites.ts'
import { spreadPixels } from './spread-pixels.ts'

/** Multiplications may grow by this: a phase uses some of the elements of the common window. */
const MOST_GROWTH = 2.5

interface Plan {
  /** Of rows and of columns. */
  readonly phases: readonly [Phases, Phases]
  /** Of the input. */
  readonly sides: readonly [number, number]
}

export const TRANSPOSED_CONVOLUTION_KERNEL = integerKernel({
  kernels: ['QLinearConv'],
  activations: [0],
  weight: { input: 1, channelAxis: () => 1, inputAxis: () => 0, channels: 1, factors: 'none' },
  bias: 2,
  fusesActivation: ['Relu', 'Clip'],
  accepts: (node, facts) => {
    const plan = planOf(node, facts)
    return typeof plan === 'string' ? plan : 'yes'
  },
})

/** What the convolution that stands for it multiplies by, [outputs, inputs, height, width]. */
export function phaseWeightDims(node: Node): number[] {
  const [inputs = 1, outputs = 1] = node.input(1)?.constant?.dims ?? []
  const phases = axisPhases(node)
  if (phases === null) return [outputs, inputs, 1, 1]
  const [rows, columns] = phases
  return [outputs * rows.stride * columns.stride, inputs, rows.window, columns.window]
}

/** Pixels of the result for each of the input's; 1 where it is not written as a convolution. */
export function phaseCount(node: Node, { kernel }: IntegerSite): number {
  const phases = kernel === TRANSPOSED_CONVOLUTION_KERNEL ? axisPhases(node) : null
  return phases === null ? 1 : phases[0].stride * phases[1].stride
}

/**
 * The pixels are spread behind the activation that the node absorbs. The last node gives the value that was there before; gives the
 * name of what the convolution itself makes of it: the same numbers in another order.
 */
export function writeAsConvolution(
  model: Model,
  node: Node,
  site: IntegerSite,
  facts: Facts,
): string {
  const plan = planOf(node, facts)
  const last = site.absorbed?.node ?? node
  const result = last.output(0)
  if (typeof plan === 'string' || result === null) throw new Error(`${node.describe()}: no plan`)
  const names = new FreshNames(model)
  const [rows, columns] = plan.phases
  setWeights(model, node, plan, names)
  node.opType = 'Conv'
  node.attributes.clear()
  const pads = [rows.before, columns.before, rows.after, columns.after]
  node.attributes.set('pads', intsAttribute('pads', pads))
  node.attributes.set('group', intAttribute('group', 1))
  const own = node.output(0)
  if (own !== null) own.type = null
  if (rows.stride * columns.stride === 1) return result.name
  const phased = new Value(names.make(`${result.name}_phases`))
  last.setOutput(0, phased)
  const strides = [rows.stride, columns.stride] as const
  spreadPixels(model, phased, result, { strides, sides: plan.sides }, names)
  return phased.name
}

function planOf(node: Node, facts: Facts): Plan | string {
  const weight = node.input(1)?.constant
  if (!weight) return 'its weight is computed, not constant'
  if (weight.dims.length !== 4) return 'it is not one of pictures'
  if (node.int('group', 1) !== 1) return 'it has groups'
  const type = node.input(0) === null ? null : facts.type(node.input(0)!)
  const shape = type?.kind === 'tensor' ? type.shape : null
  const [height, width] = [shape?.[2], shape?.[3]]
  if (typeof height !== 'number' || typeof width !== 'number') return 'its sides are open'
  const phases = axisPhases(node)
  if (phases === null) return 'its result is no multiple of its input'
  const dims = phaseWeightDims(node)
  const growth = size(dims) / size(weight.dims)
  return growth > MOST_GROWTH ? 'its windows overlap too much' : { phases, sides: [height, width] }
}

function size(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1)
}

function axisPhases(node: Node): [Phases, Phases] | null {
  const isPlain =
    node.string('auto_pad', 'NOTSET') === 'NOTSET' && node.ints('output_shape') === null
  const dilations = node.ints('dilations') ?? [1, 1]
  const dims = node.input(1)?.constant?.dims ?? []
  if (!isPlain || dims.length !== 4 || dilations.some((dilation) => dilation !== 1)) return null
  const pads = node.ints('pads') ?? [0, 0, 0, 0]
  const strides = node.ints('strides') ?? [1, 1]
  const extra = node.ints('output_padding') ?? [0, 0]
  const [rows, columns] = [0, 1].map((axis) =>
    phasesOf({
      kernel: dims[2 + axis] ?? 1,
      stride: strides[axis] ?? 1,
      before: pads[axis] ?? 0,
      after: pads[2 + axis] ?? 0,
      extra: extra[axis] ?? 0,
    }),
  )
  return rows && columns ? [rows, columns] : null
}

/** From [inputs, outputs, kh, kw] to [phases · outputs, inputs, windows]; the phase is the slower index. */
function setWeights(model: Model, node: Node, { phases }: Plan, names: FreshNames): void {
  const [rows, columns] = phases
  const weight = node.input(1)?.constant
  if (!weight) throw new Error(`${node.describe()} has no weight`)
  const values = floatValues(weight)
  const [inputs = 1, outputs = 1, kernelRows = 1, kernelColumns = 1] = weight.dims
  const dims = phaseWeightDims(node)
  const spread = new Float32Array(size(dims))
  let at = 0
  for (const rowTaps of rows.taps) {
    for (const columnTaps of columns.taps) {
      for (let output = 0; output < outputs; output += 1) {
        for (let input = 0; input < inputs; input += 1) {
          const from = (input * outputs + output) * kernelRows * kernelColumns
          for (const row of rowTaps) {
            for (const column of columnTaps) {
              if (row !== null && column !== null) {
                spread[at] = values[from + row * kernelColumns + column] ?? 0
              }
              at += 1
            }
          }
        }
      }
    }
  }
  const name = names.make(node.input(1)?.name ?? 'w')
  node.setInput(1, model.graph.addInitializer(typedTensor(name, 'float32', dims, spread)))
  const bias = node.input(2)
  if (bias?.constant == null) return
  const own = floatValues(bias.constant)
  const repeated = Float32Array.from({ length: dims[0] ?? 1 }, (_, index) => {
    return own[index % own.length] ?? 0
  })
  const tensor = typedTensor(names.make(bias.name), 'float32', [repeated.length], repeated)
  node.setInput(2, model.graph.addInitializer(tensor))
}
