// What an axis rule says, as lines of text: `w.0` is axis 0 of the input named w.

import type { AxisContext, AxisLabels } from '#engine/ops/axis-context'
import { opRule } from '#engine/ops/registry'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'

interface NamedLabels extends AxisLabels {
  readonly text: string
}

function textOf(labels: AxisLabels): string {
  return (labels as NamedLabels).text
}

class Recorder implements AxisContext {
  readonly lines: string[] = []
  readonly node: Node
  readonly opset: number
  readonly #types: TypeInference
  #fresh = 0

  constructor(node: Node, opset: number, types: TypeInference) {
    this.node = node
    this.opset = opset
    this.#types = types
  }

  shape(value: Value): readonly number[] | null {
    const type = this.#types.type(value)
    const shape = type?.kind === 'tensor' ? type.shape : null
    return shape?.every((dim) => typeof dim === 'number') ? shape : null
  }

  constant(value: Value) {
    return this.#types.constant(value)
  }

  #labels(text: string, size: number): NamedLabels {
    return { text, size }
  }

  input(index: number, axis: number): NamedLabels {
    const value = this.node.input(index)
    const shape = value === null ? null : this.shape(value)
    if (value === null || shape === null) throw new Error(`input ${index} has no known shape`)
    const own = axis < 0 ? axis + shape.length : axis
    const size = shape[own]
    if (size === undefined) throw new Error(`input ${index} has no axis ${axis}`)
    return this.#labels(`${value.name}.${own}`, size)
  }

  output(index: number, axis: number, labels: AxisLabels): void {
    const value = this.node.output(index)
    const size = value === null ? undefined : this.shape(value)?.[axis]
    if (size !== labels.size) {
      throw new Error(`axis ${axis} of output ${index} has ${size} indices, not ${labels.size}`)
    }
    this.lines.push(`${value?.name}.${axis} = ${textOf(labels)}`)
  }

  tie(one: AxisLabels, other: AxisLabels): void {
    if (one.size !== other.size) throw new Error(`${textOf(one)} ~ ${textOf(other)}: sizes differ`)
    this.lines.push(`${textOf(one)} ~ ${textOf(other)}`)
  }

  freeze(labels: AxisLabels): void {
    this.lines.push(`freeze ${textOf(labels)}`)
  }

  normalized(labels: AxisLabels): void {
    this.lines.push(`normalized ${textOf(labels)}`)
  }

  fresh(size: number): NamedLabels {
    this.#fresh += 1
    return this.#labels(`new${this.#fresh}`, size)
  }

  frozen(size: number): NamedLabels {
    return this.#labels('frozen', size)
  }

  split(labels: AxisLabels, sizes: readonly number[]): NamedLabels[] {
    const product = sizes.reduce((count, size) => count * size, 1)
    if (product !== labels.size) throw new Error(`${textOf(labels)} is not ${sizes.join('×')}`)
    return sizes.map((size, place) =>
      this.#labels(`${textOf(labels)}[${sizes.join('×')}/${place}]`, size),
    )
  }

  merge(factors: readonly AxisLabels[]): NamedLabels {
    const size = factors.reduce((count, factor) => count * factor.size, 1)
    return this.#labels(factors.map(textOf).join('×'), size)
  }

  concat(parts: readonly AxisLabels[]): NamedLabels {
    const size = parts.reduce((count, part) => count + part.size, 0)
    return this.#labels(parts.map(textOf).join('+'), size)
  }

  pick(labels: AxisLabels, indices: readonly number[]): NamedLabels {
    return this.#labels(`${textOf(labels)}[${indices.join(',')}]`, indices.length)
  }

  rewrite(rewrite: Parameters<AxisContext['rewrite']>[0]): void {
    const words = Object.entries(rewrite).map(([key, value]: [string, unknown]) => {
      if (key === 'kind') return String(value)
      if (Array.isArray(value)) return value.map((one) => wordOf(one)).join(',')
      return wordOf(value)
    })
    this.lines.push(`rewrite ${words.join(' ')}`)
  }
}

function wordOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? textOf(value as AxisLabels) : String(value)
}

/** Lines of the rule of the graph's last node. */
export function recordedAxes(graph: string, opset = 21): string[] | 'same' | 'opaque' {
  const model = parseModel(`<ir_version: 10, opset_import: ["" : ${opset}]> ${graph}`)
  const node = [...model.graph.nodes()].at(-1)
  if (node === undefined) throw new Error('a graph without nodes')
  const rule = opRule(node)
  if (rule === 'unknown') throw new Error(`no rule for ${node.opType}`)
  if (typeof rule.axes === 'string') return rule.axes
  const recorder = new Recorder(node, opset, inferTypes(model))
  rule.axes(recorder)
  return recorder.lines
}
