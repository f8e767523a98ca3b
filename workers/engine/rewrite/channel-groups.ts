// Channels of activations that are the same ones: made by dense convolutions, passed on one by one, and read by dense convolutions
// alone. What anything else touches is left out.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Value } from '#src/onnx/ir/value'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { opRule } from '../ops/registry.ts'
import { float32Constant } from './constants.ts'

export interface ChannelGroup {
  readonly channels: number
  readonly values: ReadonlySet<Value>
  /** Dense convolutions whose outputs, and those whose inputs, are these channels. */
  readonly makers: readonly Node[]
  readonly readers: readonly Node[]
  readonly depthwise: readonly Node[]
  /** One of the values has more than one element per channel. */
  readonly isSpatial: boolean
}

export function channelGroups(model: Model): ChannelGroup[] {
  return new GroupFinder(model).groups()
}

interface OpenGroup {
  readonly values: Set<Value>
  readonly makers: Node[]
  readonly readers: Node[]
  readonly depthwise: Node[]
  isFrozen: boolean
}

class GroupFinder {
  readonly #model: Model
  readonly #facts: TypeInference
  readonly #groups = new Map<Value, OpenGroup>()

  constructor(model: Model) {
    this.#model = model
    this.#facts = inferTypes(model)
  }

  groups(): ChannelGroup[] {
    const { graph } = this.#model
    for (const value of [...graph.inputs, ...graph.outputs]) this.#freeze(value)
    for (const node of graph.allNodes()) {
      if (node.graph !== graph || !this.#follow(node)) {
        for (const value of [...node.inputs, ...node.outputs]) this.#freeze(value)
      }
    }
    return [...new Set(this.#groups.values())].flatMap((group) => {
      const sizes = new Set([...group.values].map((value) => this.#channels(value)))
      const [channels] = sizes
      const isOpen = !group.isFrozen && group.makers.length > 0 && sizes.size === 1
      if (!isOpen || channels === null || channels === undefined) return []
      const isSpatial = [...group.values].some((value) => !this.#isPoint(value))
      return [{ ...group, channels, isSpatial }]
    })
  }

  /** Whether what the node does with channels is understood. */
  #follow(node: Node): boolean {
    const [input, output] = [node.input(0), node.output(0)]
    if (input === null || output === null || node.outputs.length > 1) return false
    if (node.is('Conv')) return this.#followConvolution(node, input, output)
    if (node.is('GlobalAveragePool', 'AveragePool', 'MaxPool')) {
      this.#join(input, output)
      return true
    }
    const rule = opRule(node)
    if (rule === 'unknown' || rule.axes !== 'same') return false
    const variables = node.inputs.filter((value) => value !== null && value.constant === null)
    const isAligned = node.inputs.every((value) => {
      return value === null || value.constant === null || sizeOf(value) === 1
    })
    const shapes = [...variables, output].map((value) => this.#shape(value))
    const isUniform = shapes.every((shape) => {
      return shape !== null && shape.length > 2 && shape.length === shapes[0]?.length
    })
    if (!isAligned || !isUniform) return false
    for (const value of variables) if (value !== null) this.#join(value, output)
    return true
  }

  #followConvolution(node: Node, input: Value, output: Value): boolean {
    const [weight, bias] = [node.input(1), node.input(2)]
    const dims = weight?.constant?.dims ?? []
    const isOwn = float32Constant(weight) !== null && weight?.uses.size === 1
    const hasBias = bias === null || (float32Constant(bias) !== null && bias.uses.size === 1)
    if (!isOwn || !hasBias) return false
    const group = node.int('group', 1)
    if (group === 1) {
      this.#groupOf(input).readers.push(node)
      this.#groupOf(output).makers.push(node)
      return true
    }
    if (group !== dims[0] || dims[1] !== 1) return false
    this.#join(input, output)
    this.#groupOf(output).depthwise.push(node)
    return true
  }

  #groupOf(value: Value): OpenGroup {
    const present = this.#groups.get(value)
    if (present !== undefined) return present
    const made = {
      values: new Set([value]),
      makers: [],
      readers: [],
      depthwise: [],
      isFrozen: false,
    }
    this.#groups.set(value, made)
    return made
  }

  #freeze(value: Value | null): void {
    if (value !== null && value.constant === null) this.#groupOf(value).isFrozen = true
  }

  #join(one: Value, other: Value): void {
    const [kept, merged] = [this.#groupOf(one), this.#groupOf(other)]
    if (kept === merged) return
    for (const value of merged.values) {
      kept.values.add(value)
      this.#groups.set(value, kept)
    }
    kept.makers.push(...merged.makers)
    kept.readers.push(...merged.readers)
    kept.depthwise.push(...merged.depthwise)
    kept.isFrozen ||= merged.isFrozen
  }

  #shape(value: Value | null): readonly unknown[] | null {
    const type = value === null ? null : this.#facts.type(value)
    return type?.kind === 'tensor' && type.dtype === 'float32' ? type.shape : null
  }

  #channels(value: Value): number | null {
    const channels = this.#shape(value)?.[1]
    return typeof channels === 'number' ? channels : null
  }

  #isPoint(value: Value): boolean {
    return (
      this.#shape(value)
        ?.slice(2)
        .every((dim) => dim === 1) ?? false
    )
  }
}

function sizeOf(value: Value): number {
  return (value.constant?.dims ?? []).reduce((product, dim) => product * dim, 1)
}
