// What kernels cost on one thread, in nanoseconds: medians of chains of six equal operators on an AMD EPYC with AVX512-VNNI and
// ONNX Runtime 1.30. Other hosts have other ratios; hence a plan made from it is one candidate among several that are timed.

import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { elementCount } from '#src/onnx/ir/value-type'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import type { SideCosts } from './min-cut.ts'
import type { IntegerSite, QuantizationSites } from './quantization-sites.ts'
import { resultOf } from './quantization-sites.ts'
import { phaseWeightDims } from './transposed-convolution.ts'

/** Fixed cost of any node. */
const NODE_COST: SideCosts = { float: 1250, integer: 2250 }

/** Quantize, dequantize and the change of layout around them; twice what was measured, so that regions stay large. */
const BOUNDARY_PER_ELEMENT = 0.8
const BOUNDARY_FIXED = 2000

/** Per output element, by kernel. */
const ELEMENTWISE: Readonly<Record<string, SideCosts>> = {
  QLinearAdd: { float: 0.15, integer: 0.12 },
  QLinearMul: { float: 0.15, integer: 0.24 },
  QLinearSigmoid: { float: 0.29, integer: 0.225 },
  QLinearLeakyRelu: { float: 0.12, integer: 0.23 },
  QLinearConcat: { float: 0.25, integer: 0.15 },
  QuickGelu: { float: 0.18, integer: 0.37 },
}
const OTHER_KERNEL: SideCosts = { float: 0.2, integer: 0.2 }
const CARRIER: SideCosts = { float: 0.2, integer: 0.1 }

/** Dense convolution, by the smaller number of channels: GFLOP/s in float; integer for 1×1 and larger windows. */
const DENSE_RATES = [
  { channels: 32, float: 170, pointwise: 480, window: 520 },
  { channels: 16, float: 135, pointwise: 160, window: 260 },
  { channels: 8, float: 45, pointwise: 40, window: 36 },
  { channels: 0, float: 20, pointwise: 12, window: 12 },
] as const

/** Grouped convolution, by input channels of a group, windows of 3×3. */
const GROUPED_RATES = [
  { channels: 32, float: 103, integer: 146 },
  { channels: 16, float: 88, integer: 76 },
  { channels: 8, float: 30, integer: 22 },
  { channels: 0, float: 14, integer: 5.3 },
] as const

/** Gathering windows of int8 with few channels, per output pixel and element of the window. */
const IM2COL_PER_ELEMENT = 1.7

/** Depthwise convolution, per output element, by channels (a multiple of 16; others cost 3.5 times as much on integers). */
const DEPTHWISE_3 = {
  float: 0.22,
  integer: [
    [16, 0.79],
    [32, 0.47],
    [64, 0.34],
    [192, 0.26],
  ],
} as const
const DEPTHWISE_5 = {
  float: 0.55,
  integer: [
    [16, 2],
    [32, 1.1],
    [64, 0.75],
    [128, 0.6],
  ],
} as const
const UNALIGNED_DEPTHWISE = 3.5

/** Matrix products, per multiply–accumulate: bound by memory with few rows, by arithmetic otherwise. */
const FEW_ROWS: SideCosts = { float: 0.05, integer: 0.015 }
const MANY_ROWS: SideCosts = { float: 0.0195, integer: 0.0055 }

/** Transposed convolutions: GFLOP/s in float; per output element, adding windows up in float and spreading pixels on integers. */
const TRANSPOSED_RATE = 150
const TRANSPOSED: SideCosts = { float: 0.25, integer: 0.15 }

/** Sizes that are not known: 1 for the batch, this for others. */
const ASSUMED_SIZE = 32

export function nodeCosts(
  node: Node,
  site: IntegerSite | null,
  { facts, carriers }: QuantizationSites,
): SideCosts {
  if (site === null && !carriers.has(node)) return { float: 0, integer: Infinity }
  const output = site === null ? node.output(0) : resultOf(node, site)
  const elements = output === null ? 1 : sizeOf(output, facts)
  const own = site === null ? scaled(CARRIER, elements) : kernelCosts(node, site, elements)
  return { float: own.float + NODE_COST.float, integer: own.integer + NODE_COST.integer }
}

/** What it costs to have the value in both forms. */
export function tensorCost(value: Value, facts: TypeInference): number {
  return BOUNDARY_FIXED + BOUNDARY_PER_ELEMENT * sizeOf(value, facts)
}

function kernelCosts(node: Node, site: IntegerSite, elements: number): SideCosts {
  const dims = site.weight === 'none' ? null : node.input(site.weight)?.constant?.dims
  if (!dims) return scaled(ELEMENTWISE[site.kernel.kernels[0] ?? ''] ?? OTHER_KERNEL, elements)
  if (dims.length <= 2) return productCosts(node, site, dims, elements)
  if (node.is('ConvTranspose')) return transposedCosts(node, dims, elements)
  const channels = dims[0] ?? 1
  const window = dims.slice(2).reduce((product, dim) => product * dim, 1)
  if (node.int('group', 1) === 1) return denseCosts(dims, window, elements)
  return dims[1] === 1
    ? scaled(depthwise(channels, window), elements)
    : groupedCosts(dims[1] ?? 1, window, elements)
}

function transposedCosts(node: Node, dims: readonly number[], elements: number): SideCosts {
  const phased = phaseWeightDims(node)
  const window = (phased[2] ?? 1) * (phased[3] ?? 1)
  const { integer } = denseCosts(phased, window, elements)
  const strides = (node.ints('strides') ?? []).reduce((product, stride) => product * stride, 1)
  const products = dims.reduce((product, dim) => product * dim, 1) / (dims[1] ?? 1) / strides
  return {
    float: elements * (TRANSPOSED.float + (2 * products) / TRANSPOSED_RATE),
    integer: integer + elements * TRANSPOSED.integer,
  }
}

function groupedCosts(width: number, window: number, elements: number): SideCosts {
  const rate = GROUPED_RATES.find(({ channels }) => width >= channels) ?? GROUPED_RATES[3]
  const flops = 2 * elements * width * window
  return { float: flops / rate.float, integer: flops / rate.integer }
}

function productCosts(
  node: Node,
  { kernel }: IntegerSite,
  dims: readonly number[],
  elements: number,
): SideCosts {
  const axis = kernel.weight === 'none' ? 'none' : kernel.weight.channelAxis(node, dims.length)
  const columns = axis === 'none' ? 1 : (dims[axis] ?? 1)
  const depth = dims.reduce((product, dim) => product * dim, 1) / columns
  return scaled(elements < 4 * columns ? FEW_ROWS : MANY_ROWS, elements * depth)
}

function denseCosts(dims: readonly number[], window: number, elements: number): SideCosts {
  const [outputs, inputs] = [dims[0] ?? 1, dims[1] ?? 1]
  const narrow = Math.min(outputs, inputs)
  const rate = DENSE_RATES.find(({ channels }) => narrow >= channels) ?? DENSE_RATES[3]
  const flops = 2 * elements * inputs * window
  const gather = window > 1 && narrow < 16 ? (elements / outputs) * window * IM2COL_PER_ELEMENT : 0
  const integerRate = window > 1 ? rate.window : rate.pointwise
  return { float: flops / rate.float, integer: flops / integerRate + gather }
}

function depthwise(channels: number, window: number): SideCosts {
  const table = window > 9 ? DEPTHWISE_5 : DEPTHWISE_3
  const row = table.integer.findLast(([from]) => channels >= from) ?? table.integer[0]
  const alignment = channels % 16 === 0 ? 1 : UNALIGNED_DEPTHWISE
  return { float: table.float, integer: row[1] * alignment }
}

function scaled(costs: SideCosts, factor: number): SideCosts {
  return { float: costs.float * factor, integer: costs.integer * factor }
}

function sizeOf(value: Value, facts: TypeInference): number {
  const type = facts.type(value)
  if (type?.kind !== 'tensor' || type.shape === null) return ASSUMED_SIZE
  const sizes = type.shape.map((dim, axis) => {
    if (typeof dim === 'number') return dim
    return axis === 0 ? 1 : ASSUMED_SIZE
  })
  return elementCount(sizes) ?? ASSUMED_SIZE
}
