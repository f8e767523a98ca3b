// Graphs and nodes in the textual syntax: see parse-graph.ts. Documentation and metadata of nodes are not printed.

import type { Graph } from '../ir/graph.ts'
import type { Node } from '../ir/node.ts'
import type { Value } from '../ir/value.ts'
import { printAttribute } from './print-attribute.ts'
import { printName } from './print-scalar.ts'
import type { PrintOptions } from './print-tensor.ts'
import { printSparseData, printTensorData } from './print-tensor.ts'
import { printTensorType, printType } from './print-type.ts'

const INDENT = '  '

export function printGraph(graph: Graph, options: PrintOptions = {}, indent = ''): string {
  const inputs = graph.inputs.map((value) => printDeclaration(value, options))
  const outputs = graph.outputs.map(printTyped)
  const head = `${printName(graph.name)} (${inputs.join(', ')}) => (${outputs.join(', ')})`
  return `${head}${printInner(graph, options, indent)} ${printNodes(graph, options, indent)}`
}

/** Initializers that are no inputs, and the types of inner values. */
function printInner(graph: Graph, options: PrintOptions, indent: string): string {
  const inputs = new Set(graph.inputs)
  const constants = [...graph.initializers.values()].filter((value) => !inputs.has(value))
  const known = new Set<Value>([...constants, ...inputs])
  const typed = graph.valueInfo.filter((value) => value.type !== null && !known.has(value))
  const lines = [
    ...constants.map((value) => printDeclaration(value, options)),
    ...typed.map(printTyped),
  ]
  if (lines.length === 0) return ''
  return `\n${indent}<${lines.join(`,\n${indent} `)}>`
}

export function printTyped(value: Value): string {
  return value.type === null
    ? printName(value.name)
    : `${printType(value.type)} ${printName(value.name)}`
}

function printDeclaration(value: Value, options: PrintOptions): string {
  const constant = value.initializer
  if (constant === null) return printTyped(value)
  const name = printName(value.name)
  if (constant.kind === 'tensor') {
    const type = printTensorType(constant.dtype, constant.dims)
    return `${type} ${name} = ${printTensorData(constant, options)}`
  }
  const type = printTensorType(constant.values.dtype, constant.dims)
  return `sparse_tensor(${type}) ${name} = ${printSparseData(constant, options)}`
}

export function printNodes(graph: Graph, options: PrintOptions, indent: string): string {
  const lines = Array.from(
    graph.nodes(),
    (node) => `${indent}${INDENT}${printNode(node, options, indent + INDENT)}\n`,
  )
  return `{\n${lines.join('')}${indent}}`
}

/** One node, as the text form has it: `[label] y = Conv <strides = [2, 2]> (x, w)`. */
export function printNode(node: Node, options: PrintOptions = {}, indent = ''): string {
  const label = node.name === '' ? '' : `[${printName(node.name)}] `
  const graph = (subgraph: Graph) => printGraph(subgraph, options, indent)
  const attributes = Array.from(node.attributes.values(), (attribute) =>
    printAttribute(attribute, { ...options, graph }),
  )
  const list = attributes.length === 0 ? '' : `<${attributes.join(', ')}> `
  return `${label}${printNames(node.outputs)} = ${printOperator(node)} ${list}(${printNames(node.inputs)})`
}

function printOperator(node: Node): string {
  const domain = node.domain === '' ? [] : domainWords(node.domain)
  const overload = node.overload === '' ? '' : `:${printName(node.overload)}`
  return `${[...domain, printName(node.opType)].join('.')}${overload}`
}

/** Domains of plain words need no quotes. */
function domainWords(domain: string): string[] {
  const words = domain.split('.')
  return words.every((word) => printName(word) === word) ? words : [printName(domain)]
}

function printNames(values: readonly (Value | null)[]): string {
  return values.map((value) => (value === null ? '""' : printName(value.name))).join(', ')
}
