// Nodes that hold their result to the number of samples that a model was written for.

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { Dim, Shape } from '#src/onnx/ir/value-type'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import type { GraphEditor } from '../rewrite/graph-editor.ts'
import { fromFront } from '../ops/pass-axes.ts'
import { intConstant } from '../rewrite/constants.ts'
import { labelOf } from '../rewrite/pass.ts'

/** Stands for the number of samples; no file names a size so. */
export const BATCH = 'samples of a batch'

export interface Opening {
  readonly editor: GraphEditor
  /** With what is open so far. */
  readonly facts: TypeInference
  /** The model as it was. */
  readonly before: ModelBefore
  /** Of axes that samples are joined into with others: how many steps of the axis a sample is, by the name of the value. */
  readonly strides: Map<string, number>
}

export interface ModelBefore {
  /** The number of samples. */
  readonly fixed: number
  /** By the name of the value. */
  readonly shapes: Map<string, Shape>
  /** Whole numbers that are the same in every run, computed ones included, by the name of the value. */
  readonly integers: ReadonlyMap<string, readonly number[]>
}

/** Whether the node held its result to that number, and does no more. */
export function openSizes(opening: Opening, node: Node): boolean {
  const rewrite = REWRITES[node.domain === '' ? node.opType : '']
  if (rewrite !== undefined) return rewrite(opening, node)
  passStride(opening, node)
  return false
}

const REWRITES: Readonly<Record<string, (opening: Opening, node: Node) => boolean>> = {
  Reshape: openReshape,
  Expand: openExpand,
  Concat: openConcat,
  Gather: openTable,
  GatherND: openTable,
  Resize: openResize,
  LSTM: openStates,
  GRU: openStates,
  RNN: openStates,
}

export function shapeIn(facts: TypeInference, value: Value | null): Shape {
  const type = value === null ? null : facts.type(value)
  return type?.kind === 'tensor' ? type.shape : null
}

function passStride({ strides }: Opening, node: Node): void {
  const known = node.inputs.find((input) => input !== null && strides.has(input.name))
  const stride = strides.get(known?.name ?? '')
  if (stride === undefined) return
  for (const output of node.outputs) if (output !== null) strides.set(output.name, stride)
}

function openReshape(opening: Opening, node: Node): boolean {
  const { facts, before, strides, editor } = opening
  const [data, output] = [node.input(0), node.output(0)]
  const axis = batchAxis(opening, data)
  const from = sizesBefore(opening, data)
  const to = sizesBefore(opening, output)
  if (data === null || output === null || axis < 0 || from === null || to === null) return false
  const isAlone = shapeIn(facts, data)?.[axis] === BATCH
  const inAxis = isAlone ? 1 : (strides.get(data.name) ?? (from[axis] ?? 1) / before.fixed)
  const step = inAxis * behind(from, axis)
  const at = axisBehind(step, to, before.fixed)
  if (at < 0) return false
  strides.set(output.name, step / behind(to, at))
  const own = shapeIn(facts, output)
  const follows = own?.every((dim, index) => (index === at ? isBatch(dim) : dim === to[index]))
  if (follows === true) return false
  editor.giveIntegers(
    node,
    1,
    to.map((size, index) => (index === at ? -1 : size)),
  )
  return true
}

/**
 * Where the batch is once axes are cut up and joined. The elements keep their order, so samples stay as many elements apart: it is the
 * axis whose own steps those are, or one that it was joined into. Of one sample that may be several: what lies in front of it (time)
 * or behind it (heads, but not the last axis, which is what layers multiply).
 */
function axisBehind(step: number, to: readonly number[], fixed: number): number {
  const itself = to.findIndex((size, at) => size === fixed && behind(to, at) === step)
  if (itself >= 0) return itself
  const joined = [...to.keys()].filter((at) => {
    return behind(to, at) <= step && step * fixed <= behind(to, at) * (to[at] ?? 1)
  })
  const heads = joined.find((at) => {
    return at < to.length - 1 && step * fixed === behind(to, at) * (to[at] ?? 1)
  })
  return heads ?? joined[0] ?? -1
}

function behind(sizes: readonly number[], axis: number): number {
  return sizes.slice(axis + 1).reduce((total, size) => total * size, 1)
}

/** A table that picks all elements in their order does nothing but give them another shape: it becomes a Reshape. */
function openTable(opening: Opening, node: Node): boolean {
  const { before, editor } = opening
  const [data, output] = [node.input(0), node.output(0)]
  const from = sizesBefore(opening, data)
  const to = sizesBefore(opening, output)
  const table = before.integers.get(node.input(1)?.name ?? '') ?? []
  passStride(opening, node)
  if (data === null || output === null || from === null || to === null) return false
  const isRead = output.uses.size > 0 && !output.isGraphOutput
  if (!isRead || batchAxis(opening, data) < 0) return false
  const places = node.is('GatherND') ? placesOf(node, table, from) : alongAxis(node, table, from)
  const isWhole = places?.every((place, index) => place === index) ?? false
  if (!isWhole || places?.length !== behind(from, -1)) return false
  const sizes = editor.integers(`${labelOf(node)}_sizes`, to)
  const shaped = editor.before(node, 'Reshape', [data, sizes])
  before.shapes.set(shaped.name, to)
  node.graph?.replaceUses(output, shaped)
  return true
}

/** Places in data whose other axes have one element; `null` where they have more. */
function alongAxis(node: Node, table: readonly number[], from: readonly number[]) {
  const axis = fromFront(node.int('axis', 0), from.length)
  return from.every((size, index) => index === axis || size === 1) ? table : null
}

/** Places that a table of indices of single elements names; `null` for one of slices. */
function placesOf(node: Node, table: readonly number[], from: readonly number[]) {
  const rank = from.length
  if (node.int('batch_dims', 0) !== 0 || table.length !== rank * behind(from, -1)) return null
  return Array.from({ length: table.length / rank }, (_, entry) => {
    const own = table.slice(entry * rank, (entry + 1) * rank)
    return own.reduce((place, index, axis) => place + index * behind(from, axis), 0)
  })
}

/** 1 keeps the size that the input has. */
function openExpand(opening: Opening, node: Node): boolean {
  const [axis, follows] = [
    batchAxis(opening, node.input(0)),
    batchAxis(opening, node.output(0)) >= 0,
  ]
  const sizes = opening.before.integers.get(node.input(1)?.name ?? '')
  const rank = shapeIn(opening.facts, node.input(0))?.length ?? 0
  passStride(opening, node)
  if (axis < 0 || sizes === undefined || follows) return false
  const at = axis + sizes.length - rank
  if (at < 0) return false
  opening.editor.giveIntegers(
    node,
    1,
    sizes.map((size, index) => (index === at ? 1 : size)),
  )
  return true
}

/** What is the same for all samples is repeated beside what is not. */
function openConcat(opening: Opening, node: Node): boolean {
  const { facts, before } = opening
  const carrier = node.inputs.find((input) => batchAxis(opening, input) >= 0) ?? null
  const axis = batchAxis(opening, carrier)
  const rank = shapeIn(facts, carrier)?.length ?? 0
  passStride(opening, node)
  const joined = fromFront(node.int('axis', 0), rank)
  if (carrier === null || before.fixed !== 1 || axis === joined) return false
  return repeat(opening, node, node.inputs.keys(), carrier)
}

/** States that a recurrence begins with, [directions, samples, hidden]. */
function openStates(opening: Opening, node: Node): boolean {
  const [carrier] = node.inputs
  if (!carrier || batchAxis(opening, carrier) !== 1 || opening.before.fixed !== 1) return false
  return repeat(opening, node, [5, 6], carrier)
}

/** Those of the inputs that have 1 where the carrier, of as many axes, has the batch. */
function repeat(opening: Opening, node: Node, inputs: Iterable<number>, carrier: Value): boolean {
  const { editor, facts, before } = opening
  const axis = batchAxis(opening, carrier)
  const rank = shapeIn(facts, carrier)?.length ?? 0
  let changed = false
  for (const index of inputs) {
    const input = node.input(index)
    const shape = shapeIn(facts, input)
    if (input === null || batchAxis(opening, input) >= 0 || shape?.[axis] !== 1) continue
    const bounds = [intAttribute('start', axis), intAttribute('end', axis + 1)]
    const samples = editor.before(node, 'Shape', [carrier], bounds)
    const ones = (name: string, count: number): Value[] => {
      const list = Array<number>(count).fill(1)
      return count === 0 ? [] : [editor.integers(`${labelOf(node)}_${name}`, list)]
    }
    const parts = [...ones('front', axis), samples, ...ones('back', rank - axis - 1)]
    const sizes = editor.before(node, 'Concat', parts, [intAttribute('axis', 0)])
    const repeated = editor.before(node, 'Expand', [input, sizes])
    before.shapes.set(repeated.name, shape)
    node.setInput(index, repeated)
    changed = true
  }
  return changed
}

/** Sizes of the other axes say enough (Resize-18, attribute axes). */
function openResize(opening: Opening, node: Node): boolean {
  const axis = batchAxis(opening, node.input(0))
  const sizes = intConstant(node.input(3))
  if (axis < 0 || sizes === null || node.attributes.has('axes')) return false
  const axes = sizes.map((_, index) => index).filter((index) => index !== axis)
  node.attributes.set('axes', intsAttribute('axes', axes))
  opening.editor.giveIntegers(
    node,
    3,
    axes.map((index) => sizes[index] ?? 1),
  )
  return true
}

/** −1 where the value does not follow the batch. */
function batchAxis({ facts }: Opening, value: Value | null): number {
  return shapeIn(facts, value)?.findIndex(isBatch) ?? -1
}

function isBatch(dim: Dim): boolean {
  return typeof dim === 'string' && dim.includes(BATCH)
}

function sizesBefore({ before }: Opening, value: Value | null): number[] | null {
  const shape = value === null ? null : (before.shapes.get(value.name) ?? null)
  const sizes = shape?.filter((dim) => typeof dim === 'number') ?? []
  return shape !== null && sizes.length === shape.length ? sizes : null
}
