// Appends standard ONNX operators (opset 18 and later) to a graph: what gradient recipes are written in.

import type { Attribute } from '#src/onnx/ir/attribute'
import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { DataType } from '#src/onnx/ir/data-type'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Graph } from '#src/onnx/ir/graph'
import { makeNode } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { Shape } from '#src/onnx/ir/value-type'
import { elementCount } from '#src/onnx/ir/value-type'
import { makeTensor } from '#src/onnx/make-tensor'
import type { BlockSize } from './blocked-conv.ts'
import { broadcastAxes } from './broadcast-axes.ts'
import type { Facts } from './op.ts'

type Inputs = readonly (Value | null)[]
type Attributes = readonly Attribute[]

export class GradientBuilder {
  /** Of the runtime's blocked convolutions. */
  readonly block: BlockSize
  readonly #graph: Graph
  readonly #facts: Facts
  readonly #prefix: string
  readonly #constants = new Map<string, Value>()
  #count = 0

  /** New values are called `prefix` and a number: the caller makes sure that no name begins so. */
  constructor(graph: Graph, facts: Facts, prefix: string, block: BlockSize = 'none') {
    this.#graph = graph
    this.#facts = facts
    this.#prefix = prefix
    this.block = block
  }

  /** One operator with one output. */
  op(opType: string, inputs: Inputs, attributes: Attributes = [], domain = ''): Value {
    return this.#append(opType, inputs, 1, attributes, domain)[0] as Value
  }

  /** One operator with several outputs. */
  ops(opType: string, inputs: Inputs, count: number, attributes: Attributes = []): Value[] {
    return this.#append(opType, inputs, count, attributes)
  }

  /** Writes into a graph inside a node of this one, where the values of this one may be read. */
  within(graph: Graph): GradientBuilder {
    return new GradientBuilder(graph, this.#facts, `${this.#name('body')}/`, this.block)
  }

  #append(
    opType: string,
    inputs: Inputs,
    count: number,
    attributes: Attributes,
    domain = '',
  ): Value[] {
    const names = Array.from({ length: count }, () => this.#name(opType))
    const node = this.#graph.append(makeNode(opType, inputs, names, attributes, domain))
    return node.outputs.filter((value) => value !== null)
  }

  #name(label: string): string {
    this.#count += 1
    return `${this.#prefix}${label}_${this.#count}`
  }

  #constant(key: string, dtype: DataType, dims: readonly number[], values: readonly number[]) {
    const known = this.#constants.get(key)
    if (known !== undefined) return known
    const tensor = makeTensor(this.#name('constant'), dtype, dims, values)
    const value = this.#graph.addInitializer(tensor)
    this.#constants.set(key, value)
    return value
  }

  /** A list of int64: axes, sizes, pads, bounds. */
  ints(values: readonly number[]): Value {
    return this.#constant(`ints ${values.join()}`, 'int64', [values.length], values)
  }

  /** An int64 of rank 0. */
  int(value: number): Value {
    return this.#constant(`int ${value}`, 'int64', [], [value])
  }

  /** A constant of rank 0 with the element type of `like`, a value of the graph that is differentiated. */
  scalar(value: number, like: Value): Value {
    const dtype = this.dtype(like)
    return this.#constant(`${dtype} ${value}`, dtype, [], [value])
  }

  /** A float32 constant of one number. */
  filled(dims: readonly number[], number: number): Value {
    const count = dims.reduce((product, dim) => product * dim, 1)
    const key = `float32 ${dims.join()} of ${number}`
    return this.#constant(key, 'float32', dims, new Array<number>(count).fill(number))
  }

  /** A constant of these values with the element type of `like`. */
  tensor(dims: readonly number[], values: readonly number[], like: Value): Value {
    const dtype = this.dtype(like)
    return this.#constant(`${dtype} ${dims.join()}: ${values.join()}`, dtype, dims, values)
  }

  /** @throws Error when the element type is not known */
  dtype(value: Value): DataType {
    const type = this.#facts.type(value)
    if (type?.kind !== 'tensor' || type.dtype === 'none') {
      throw new Error(`the element type of '${value.name}' is not known`)
    }
    return type.dtype
  }

  isFloat(value: Value): boolean {
    return DATA_TYPES[this.dtype(value)].family === 'float'
  }

  /** Sizes as numbers, symbols or `null`; of values of the graph that is differentiated. */
  shape(value: Value): Shape {
    const type = this.#facts.type(value)
    return type?.kind === 'tensor' ? type.shape : null
  }

  add(a: Value, b: Value): Value {
    return this.op('Add', [a, b])
  }

  sub(a: Value, b: Value): Value {
    return this.op('Sub', [a, b])
  }

  mul(a: Value, b: Value): Value {
    return this.op('Mul', [a, b])
  }

  div(a: Value, b: Value): Value {
    return this.op('Div', [a, b])
  }

  neg(a: Value): Value {
    return this.op('Neg', [a])
  }

  matmul(a: Value, b: Value): Value {
    return this.op('MatMul', [a, b])
  }

  /** `scale · a + shift`. */
  affine(a: Value, scale: number, shift: number, like: Value): Value {
    const scaled = scale === 1 ? a : this.mul(a, this.scalar(scale, like))
    return shift === 0 ? scaled : this.add(scaled, this.scalar(shift, like))
  }

  /** `value` with the element type of `like`, a value of the graph that is differentiated. */
  castLike(value: Value, like: Value): Value {
    return this.op('Cast', [value], [intAttribute('to', DATA_TYPES[this.dtype(like)].code)])
  }

  shapeOf(value: Value): Value {
    return this.op('Shape', [value])
  }

  /** `value` with the shape of `like`, as a run has it. */
  reshapeLike(value: Value, like: Value): Value {
    const shape = this.shape(like)
    const isStatic = shape?.every((dim) => typeof dim === 'number') ?? false
    const target = isStatic ? this.ints(shape as number[]) : this.shapeOf(like)
    return this.op('Reshape', [value, target], [intAttribute('allowzero', 1)])
  }

  expandLike(value: Value, like: Value): Value {
    return this.op('Expand', [value, this.shapeOf(like)])
  }

  /** (elements of `part`) ÷ (elements of `whole`), as a scalar. */
  sizeRatio(part: Value, whole: Value): Value {
    const [few, many] = [elementCount(this.shape(part)), elementCount(this.shape(whole))]
    if (few !== null && many !== null) return this.scalar(few / many, whole)
    const count = (value: Value) => this.castLike(this.op('Size', [value]), whole)
    return this.div(count(part), count(whole))
  }

  /** Zeros of the shape and element type of `like`. */
  zerosLike(like: Value): Value {
    return this.op('Expand', [this.scalar(0, like), this.shapeOf(like)])
  }

  transpose(value: Value, perm: readonly number[]): Value {
    return this.op('Transpose', [value], [intsAttribute('perm', perm)])
  }

  /** Sum over the axes; over none of them when the list is empty. */
  reduceSum(value: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.#reduce('ReduceSum', value, axes, keepDims)
  }

  reduceMean(value: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.#reduce('ReduceMean', value, axes, keepDims)
  }

  #reduce(opType: string, value: Value, axes: readonly number[], keepDims: boolean): Value {
    if (axes.length === 0) return value
    return this.op(opType, [value, this.ints(axes)], [intAttribute('keepdims', keepDims ? 1 : 0)])
  }

  unsqueeze(value: Value, axes: readonly number[]): Value {
    return axes.length === 0 ? value : this.op('Unsqueeze', [value, this.ints(axes)])
  }

  slice(value: Value, starts: readonly number[], ends: readonly number[], axes: readonly number[]) {
    return this.op('Slice', [value, this.ints(starts), this.ints(ends), this.ints(axes)])
  }

  /**
   * The gradient of an operand that was broadcast to `shape`: `gradient` summed over the axes along which `operand` was
   * repeated, in the operand's shape.
   */
  unbroadcast(gradient: Value, shape: Shape, operand: Value): Value {
    const own = this.shape(operand)
    const axes = broadcastAxes(own, shape)
    if (axes === 'unknown') return this.#unbroadcastAtRun(gradient, operand)
    if (axes.length === 0 && own?.length === shape?.length) return gradient
    return this.reshapeLike(this.reduceSum(gradient, axes, true), operand)
  }

  /** Summing over every axis where the operand has size 1 is right whether or not it was repeated there. */
  #unbroadcastAtRun(gradient: Value, operand: Value): Value {
    const own = this.shapeOf(operand)
    const rank = this.shapeOf(this.shapeOf(gradient))
    const missing = this.sub(rank, this.shapeOf(own))
    const zero = this.ints([0])
    const pads = this.op('Concat', [missing, zero], [intAttribute('axis', 0)])
    const aligned = this.op('Pad', [own, pads, this.int(1)])
    const isOne = this.op('Equal', [aligned, this.int(1)])
    const axes = this.op('Squeeze', [this.op('NonZero', [isOne]), zero])
    const attributes = [intAttribute('keepdims', 1), intAttribute('noop_with_empty_axes', 1)]
    return this.reshapeLike(this.op('ReduceSum', [gradient, axes], attributes), operand)
  }
}
