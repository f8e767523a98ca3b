// Normalisations of which only some indices count: their statistics are those of the indices kept.

import type { Labels } from '#engine/prune/axis-algebra'
import type { KeptIndices } from '#engine/prune/kept-indices'
import type { AxisTrace } from '#engine/prune/trace-axes'
import type { FreshNames } from '#engine/rewrite/fresh-names'
import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import { makeTensor } from '#src/onnx/make-tensor'

interface MaskedAxis {
  readonly axis: number
  readonly labels: Labels
}

/** Puts nodes in front of one node of the copy. */
export class MaskBuilder {
  readonly #model: Model
  readonly #before: Node
  readonly #names: FreshNames
  readonly #kept: KeptIndices

  constructor(model: Model, before: Node, names: FreshNames, kept: KeptIndices) {
    this.#model = model
    this.#before = before
    this.#names = names
    this.#kept = kept
  }

  op(operator: string, inputs: (Value | null)[], attributes: Parameters<typeof makeNode>[3] = []) {
    const node = makeNode(operator, inputs, [this.#names.make('masked')], attributes)
    this.#model.graph.insertBefore(node, this.#before)
    const output = node.output(0)
    if (output === null) throw new Error('one output')
    return output
  }

  floats(dims: readonly number[], values: readonly number[]): Value {
    const tensor = makeTensor(this.#names.make('mask'), 'float32', dims, values)
    return this.#model.graph.addInitializer(tensor)
  }

  integers(values: readonly number[]): Value {
    const tensor = makeTensor(this.#names.make('list'), 'int64', [values.length], values)
    return this.#model.graph.addInitializer(tensor)
  }

  masked(value: Value | null, rank: number, axes: readonly MaskedAxis[]): Value {
    let product = value
    for (const { axis, labels } of axes) {
      const dims = Array.from({ length: rank }, (_, at) => (at === axis ? labels.size : 1))
      const values = labels.sets.map((set) => (this.#kept.isKept(set) ? 1 : 0))
      product = this.op('Mul', [product, this.floats(dims, values)])
    }
    if (product === null) throw new Error('nothing to mask')
    return product
  }

  /** Integers: the zero point at indices that are gone. */
  chosen(
    value: Value | null,
    zero: Value | null,
    rank: number,
    { axis, labels }: MaskedAxis,
  ): Value {
    const dims = Array.from({ length: rank }, (_, at) => (at === axis ? labels.size : 1))
    const values = labels.sets.map((set) => (this.#kept.isKept(set) ? 1 : 0))
    const tensor = makeTensor(this.#names.make('mask'), 'bool', dims, values)
    return this.op('Where', [this.#model.graph.addInitializer(tensor), value, zero])
  }

  /** Over the axes, as if only the kept indices were there. */
  mean(value: Value, axes: readonly MaskedAxis[]): Value {
    const keep = intAttribute('keepdims', 1)
    const list = axes.map(({ axis }) => axis)
    const mean =
      opsetVersion(this.#model) >= 18
        ? this.op('ReduceMean', [value, this.integers(list)], [keep])
        : this.op('ReduceMean', [value], [intsAttribute('axes', list), keep])
    return this.op('Mul', [mean, this.floats([], [this.ratio(axes)])])
  }

  ratio(axes: readonly MaskedAxis[]): number {
    return axes.reduce((ratio, { labels }) => {
      return (ratio * labels.size) / this.#kept.count(labels)
    }, 1)
  }

  normalized(value: Value, rank: number, axes: readonly MaskedAxis[], node: Node): Value {
    const isCentred = !node.is('RMSNormalization', 'SimplifiedLayerNormalization')
    const input = this.masked(value, rank, axes)
    const centred = isCentred ? this.op('Sub', [input, this.mean(input, axes)]) : input
    const part = this.masked(centred, rank, axes)
    const square = this.mean(this.op('Mul', [part, part]), axes)
    const epsilon = this.floats([], [node.float('epsilon', 1e-5)])
    return this.op('Div', [part, this.op('Sqrt', [this.op('Add', [square, epsilon])])])
  }
}

/** Replaces a node that takes statistics over axes of which some indices go; `false` when it is none. */
export function maskNorm(
  trace: AxisTrace,
  node: Node,
  twin: Node,
  build: MaskBuilder,
  kept: KeptIndices,
): boolean {
  const [input, given] = [node.input(0), twin.input(0)]
  const lost = trace.normalizedAxes.some((one) => one.node === node && !kept.isWhole(one.labels))
  if (!lost || input === null || given === null) return false
  const labels = trace.axesOf(input)
  const rank = labels.length
  const all = labels.map((own, axis) => ({ axis, labels: own }))
  if (node.is('ReduceMean')) {
    const own = trace.normalizedAxes.filter((one) => one.node === node)
    const axes = all.filter((one) => own.some((other) => other.labels === one.labels))
    twin.setInput(0, build.masked(given, rank, axes))
    const output = twin.output(0)
    if (output === null) return false
    const uses = [...output.uses]
    const graph = twin.graph
    const scaled = makeNode(
      'Mul',
      [output, build.floats([], [build.ratio(axes)])],
      [`${output.name}_of_kept`],
    )
    graph?.insertAfter(scaled, twin)
    for (const use of uses) use.node.setInput(use.index, scaled.output(0))
    return true
  }
  const [scale, bias] = [twin.input(1), twin.input(2)]
  const first = node.int('axis', -1)
  let result: Value
  if (node.is('InstanceNormalization')) {
    result = build.normalized(given, rank, all.slice(2), node)
    result = affine(build, result, scale, bias, rank)
  } else if (node.is('GroupNormalization')) {
    const within = trace.normalizedAxes.find(
      (one) => one.node === node && !kept.isWhole(one.labels),
    )
    const groups = node.int('num_groups', 1)
    const sizes = all.map((one) => one.labels.size)
    const apart = [0, groups, (sizes[1] ?? 1) / groups, ...sizes.slice(2)]
    const split = build.op('Reshape', [given, build.integers(apart)])
    const axes = [
      { axis: 2, labels: within?.labels ?? labels[1] },
      ...all.slice(2).map((one) => ({ axis: one.axis + 1, labels: one.labels })),
    ].flatMap(({ axis, labels: own }) => (own === undefined ? [] : [{ axis, labels: own }]))
    const normal = build.normalized(split, rank + 1, axes, node)
    result = build.op('Reshape', [normal, build.integers([0, ...sizes.slice(1)])])
    result = affine(build, result, scale, bias, rank)
  } else {
    const from = first < 0 ? first + rank : first
    result = build.normalized(given, rank, all.slice(from), node)
    if (scale !== null) result = build.op('Mul', [result, scale])
    if (bias !== null) result = build.op('Add', [result, bias])
  }
  const output = twin.output(0)
  if (output !== null) twin.graph?.replaceUses(output, result)
  return true
}

function affine(
  build: MaskBuilder,
  value: Value,
  scale: Value | null,
  bias: Value | null,
  rank: number,
) {
  const dims = build.integers([1, -1, ...Array.from({ length: rank - 2 }, () => 1)])
  let result = value
  if (scale !== null) result = build.op('Mul', [result, build.op('Reshape', [scale, dims])])
  if (bias !== null) result = build.op('Add', [result, build.op('Reshape', [bias, dims])])
  return result
}
