// A node: one operator call. Inputs and outputs that are left out are `null` (an empty name in the file).

import type { Attribute } from './attribute.ts'
import type { Graph } from './graph.ts'
import type { Use } from './value.ts'
import { Value } from './value.ts'

export interface NodeFields {
  readonly opType: string
  readonly domain?: string
  readonly overload?: string
  readonly name?: string
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly (Value | null)[]
  readonly attributes?: readonly Attribute[]
}

export class Node {
  opType: string
  /** The empty string is the ONNX domain `ai.onnx`. */
  domain: string
  overload: string
  name: string
  docString = ''
  metadata: readonly (readonly [string, string])[] = []
  /** Fields this IR does not interpret, as protobuf bytes, kept for round trips. */
  unknownFields: Uint8Array | null = null
  readonly attributes = new Map<string, Attribute>()
  /** The graph that holds it, or `null` while detached. */
  graph: Graph | null = null
  /** Neighbours in the graph's order; Graph alone changes them. */
  previous: Node | null = null
  next: Node | null = null
  readonly #inputs: (Value | null)[] = []
  readonly #slots: (Use | null)[] = []
  readonly #outputs: (Value | null)[] = []

  constructor(fields: NodeFields) {
    this.opType = fields.opType
    this.domain = fields.domain ?? ''
    this.overload = fields.overload ?? ''
    this.name = fields.name ?? ''
    for (const attribute of fields.attributes ?? []) this.attributes.set(attribute.name, attribute)
    fields.inputs.forEach((value, index) => this.setInput(index, value))
    fields.outputs.forEach((value, index) => this.setOutput(index, value))
  }

  get inputs(): readonly (Value | null)[] {
    return this.#inputs
  }

  get outputs(): readonly (Value | null)[] {
    return this.#outputs
  }

  /** Input `index`, or `null` when it is left out or beyond the list. */
  input(index: number): Value | null {
    return this.#inputs[index] ?? null
  }

  output(index: number): Value | null {
    return this.#outputs[index] ?? null
  }

  /** Makes slot `index` read `value`; slots between the end and `index` become `null`. */
  setInput(index: number, value: Value | null): void {
    while (this.#inputs.length <= index) {
      this.#inputs.push(null)
      this.#slots.push(null)
    }
    const slot = this.#slots[index] ?? null
    if (slot !== null) this.#inputs[index]?.uses.delete(slot)
    const use = value === null ? null : { node: this, index }
    if (use !== null) value?.uses.add(use)
    this.#inputs[index] = value
    this.#slots[index] = use
  }

  /** Cuts the input list to `length` slots. */
  truncateInputs(length: number): void {
    for (let index = this.#inputs.length - 1; index >= length; index -= 1) {
      this.setInput(index, null)
      this.#inputs.pop()
      this.#slots.pop()
    }
  }

  setOutput(index: number, value: Value | null): void {
    while (this.#outputs.length <= index) this.#outputs.push(null)
    const old = this.#outputs[index] ?? null
    if (old !== null && old !== value) {
      old.producer = null
      old.producerIndex = -1
    }
    this.#outputs[index] = value
    if (value === null) return
    value.producer = this
    value.producerIndex = index
    value.graph = this.graph
  }

  /** Outputs left out at the end are as if they had never been. */
  trimOutputs(): void {
    while (this.#outputs.length > 0 && this.#outputs.at(-1) === null) this.#outputs.pop()
  }

  /** Reads nothing and writes nothing any more: what removal from a graph does first. */
  detach(): void {
    this.truncateInputs(0)
    this.#outputs.forEach((_, index) => this.setOutput(index, null))
    this.#outputs.length = 0
  }

  /** An operator of the ONNX domain `ai.onnx`, optionally of one of these types. */
  is(...opTypes: readonly string[]): boolean {
    if (this.domain !== '' && this.domain !== 'ai.onnx') return false
    return opTypes.length === 0 || opTypes.includes(this.opType)
  }

  int(name: string, fallback: number): number {
    const attribute = this.attributes.get(name)
    return attribute?.type === 'int' ? Number(attribute.value) : fallback
  }

  ints(name: string): number[] | null {
    const attribute = this.attributes.get(name)
    return attribute?.type === 'ints' ? attribute.value.map(Number) : null
  }

  float(name: string, fallback: number): number {
    const attribute = this.attributes.get(name)
    return attribute?.type === 'float' ? attribute.value : fallback
  }

  string(name: string, fallback: string): string {
    const attribute = this.attributes.get(name)
    return attribute?.type === 'string' ? new TextDecoder().decode(attribute.value) : fallback
  }

  /** Graphs in its attributes: the branches of If, the bodies of Loop and Scan. */
  subgraphs(): Graph[] {
    const graphs: Graph[] = []
    for (const attribute of this.attributes.values()) {
      if (attribute.type === 'graph') graphs.push(attribute.value)
      if (attribute.type === 'graphs') graphs.push(...attribute.value)
    }
    return graphs
  }

  /** How messages call it: `node 'conv1' (Conv)`, by its first output when it has no name. */
  describe(): string {
    const label = this.name !== '' ? this.name : (this.#outputs.find((value) => value)?.name ?? '')
    return `node '${label}' (${this.domain === '' ? '' : `${this.domain}.`}${this.opType})`
  }
}

/** A node with fresh outputs of these names, detached. */
export function makeNode(
  opType: string,
  inputs: readonly (Value | null)[],
  outputNames: readonly string[],
  attributes: readonly Attribute[] = [],
  domain = '',
): Node {
  const outputs = outputNames.map((name) => new Value(name))
  return new Node({ opType, domain, name: outputNames[0] ?? '', inputs, outputs, attributes })
}
