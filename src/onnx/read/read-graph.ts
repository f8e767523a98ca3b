// `GraphProto` and the body of a `FunctionProto` → Graph. All definitions first, then the readers: a node may stand before
// what it reads, and a subgraph sees the names around it.

import { Graph } from '../ir/graph.ts'
import { tensorType } from '../ir/value-type.ts'
import { Value } from '../ir/value.ts'
import type { ExternalDataResolver } from '../external-data.ts'
import { OnnxError } from '../onnx-error.ts'
import type { EntryList } from '../origins.ts'
import { rememberDefaults, rememberEntry } from '../origins.ts'
import { encodeMessage } from '../proto/encode-message.ts'
import type { Message } from '../proto/schema.ts'
import { readMetadata } from './read-metadata.ts'
import { describeNode, placeOf, readNode } from './read-node.ts'
import { readSparseTensor, readTensor } from './read-tensor.ts'
import { readType } from './read-type.ts'
import { Scope } from './scope.ts'

type ValueInfo = Message<'ValueInfoProto'>
type Entry = readonly [list: EntryList, value: Value, message: ValueInfo]

export class GraphReader {
  readonly #graph = new Graph()
  readonly #scope: Scope
  readonly #resolve: ExternalDataResolver | undefined
  readonly #entries: Entry[] = []
  /** Values with a `value_info` entry. */
  readonly #listed = new Set<Value>()

  constructor(outer: Scope | null, resolve: ExternalDataResolver | undefined) {
    this.#scope = new Scope(outer)
    this.#resolve = resolve
  }

  /**
   * @throws OnnxError invalid_graph, invalid_initializer, invalid_attribute, external_data_forbidden
   */
  read(message: Message<'GraphProto'>): Graph {
    const graph = this.#graph
    graph.name = message.name ?? ''
    graph.docString = message.doc_string ?? ''
    if (message.metadata_props) graph.metadata = readMetadata(message.metadata_props)
    graph.unknownFields = message.unknown ?? null
    graph.quantizationAnnotations = (message.quantization_annotation ?? []).map((annotation) =>
      encodeMessage('TensorAnnotation', annotation),
    )
    for (const input of message.input ?? []) {
      this.#entry('input', this.#input(input.name ?? ''), input)
    }
    for (const tensor of message.initializer ?? []) {
      const initializer = readTensor(tensor, this.#resolve)
      graph.setInitializer(this.#initializerValue(initializer.name), initializer)
    }
    for (const tensor of message.sparse_initializer ?? []) {
      const initializer = readSparseTensor(tensor, this.#resolve)
      graph.setInitializer(this.#initializerValue(initializer.values.name), initializer)
    }
    this.#nodes(message.node ?? [], message.value_info ?? [])
    for (const output of message.output ?? []) {
      this.#entry('output', this.#output(output.name ?? ''), output)
    }
    this.#settleTypes()
    rememberDefaults<'GraphProto'>(graph, message, ['name', 'doc_string'])
    return graph
  }

  /**
   * The body of a function: inputs and outputs are names without types.
   * @throws OnnxError as `read`
   */
  readBody(message: Message<'FunctionProto'>): Graph {
    const graph = this.#graph
    graph.name = message.name ?? ''
    for (const name of message.input ?? []) this.#input(name)
    this.#nodes(message.node ?? [], message.value_info ?? [])
    for (const name of message.output ?? []) this.#output(name)
    this.#settleTypes()
    return graph
  }

  #entry(list: EntryList, value: Value, message: ValueInfo): void {
    this.#entries.push([list, value, message])
  }

  #input(name: string): Value {
    const value = this.#scope.define(name, 'a graph input', { graph: this.#graph.name })
    value.graph = this.#graph
    this.#graph.inputs.push(value)
    return value
  }

  /** Up to IR version 3 every initializer is a graph input, too; from 4 on that makes it a default. */
  #initializerValue(name: string): Value {
    const value = this.#scope.own(name)
    if (value !== null && value.initializer === null) return value
    return this.#scope.define(name, 'an initializer', { graph: this.#graph.name })
  }

  #output(name: string): Value {
    const value = this.#scope.find(name)
    if (value === null) {
      const detail = `the graph output '${name}' is defined by nothing: no input, no initializer, no node`
      throw new OnnxError('invalid_graph', detail, { graph: this.#graph.name, tensor: name })
    }
    this.#graph.outputs.push(value)
    return value
  }

  #nodes(messages: readonly Message<'NodeProto'>[], valueInfo: readonly ValueInfo[]): void {
    const outputs = messages.map((message) => this.#nodeOutputs(message))
    for (const info of valueInfo) this.#valueInfo(info)
    const context = {
      scope: this.#scope,
      resolve: this.#resolve,
      graph: (message: Message<'GraphProto'>) =>
        new GraphReader(this.#scope, this.#resolve).read(message),
    }
    messages.forEach((message, index) => {
      this.#graph.append(readNode(message, outputs[index] ?? [], context))
    })
  }

  #nodeOutputs(message: Message<'NodeProto'>): (Value | null)[] {
    const names = message.output ?? []
    if (names.length === 0) return []
    const by = describeNode(message)
    const where = placeOf(message)
    return names.map((name) => (name === '' ? null : this.#scope.define(name, by, where)))
  }

  /** Entries for names that the graph does not define, and repeated ones, are kept as values nobody reads. */
  #valueInfo(message: ValueInfo): void {
    const name = message.name ?? ''
    const own = this.#scope.own(name)
    const fresh = own !== null && !this.#listed.has(own)
    const value = fresh ? own : new Value(name)
    this.#listed.add(value)
    value.graph = this.#graph
    this.#graph.valueInfo.push(value)
    this.#entry('value_info', value, message)
  }

  /** A value may have several entries; what the graph's inputs and outputs declare goes before `value_info`. */
  #settleTypes(): void {
    const order: readonly EntryList[] = ['input', 'output', 'value_info']
    for (const list of order) {
      for (const [of, value, message] of this.#entries) {
        if (of !== list) continue
        value.type = better(value.type, readType(message.type))
        if (value.docString === '') value.docString = message.doc_string ?? ''
        if (value.metadata.length === 0 && message.metadata_props !== undefined) {
          value.metadata = readMetadata(message.metadata_props)
        }
      }
    }
    const inputs = new Set(this.#graph.inputs)
    for (const value of this.#graph.initializers.values()) {
      const tensor = value.initializer
      if (tensor === null || (value.type !== null && inputs.has(value))) continue
      value.type =
        tensor.kind === 'tensor'
          ? tensorType(tensor.dtype, tensor.dims)
          : { kind: 'sparse_tensor', dtype: tensor.values.dtype, shape: tensor.dims }
    }
    for (const [list, value, message] of this.#entries) {
      rememberEntry(this.#graph, list, value, message)
    }
  }
}

/** The type that says more: the second only when the first lacks the type or its shape. */
function better(first: Value['type'], second: Value['type']): Value['type'] {
  if (first === null) return second
  if (first.kind !== 'tensor' || second?.kind !== 'tensor') return first
  return first.shape === null && second.shape !== null && first.dtype === second.dtype
    ? second
    : first
}
