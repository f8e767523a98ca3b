// A model in ONNX's textual syntax: see parse-model.ts.

import type { FunctionDefinition, Model, OpsetImport } from '../ir/model.ts'
import { printAttribute } from './print-attribute.ts'
import { printGraph, printNodes, printTyped } from './print-graph.ts'
import { printName, printPairs, printString } from './print-scalar.ts'
import type { PrintOptions } from './print-tensor.ts'

/** What `parseModel` reads back; documentation, metadata and names of unlisted things excepted. */
export function printModel(model: Model, options: PrintOptions = {}): string {
  const header = [
    `ir_version: ${model.irVersion}`,
    `opset_import: ${printOpsets(model.opsetImports)}`,
    ...texts({
      producer_name: model.producerName,
      producer_version: model.producerVersion,
      domain: model.domain,
      doc_string: model.docString,
    }),
    ...(model.modelVersion === 0n ? [] : [`model_version: ${model.modelVersion}`]),
    ...(model.metadata.length === 0 ? [] : [`metadata_props: ${printPairs(model.metadata)}`]),
  ]
  const functions = model.functions.map((definition) => printFunction(definition, options))
  return `${[`<${header.join(', ')}>`, printGraph(model.graph, options), ...functions].join('\n')}\n`
}

function texts(fields: Record<string, string>): string[] {
  return Object.entries(fields)
    .filter(([, text]) => text !== '')
    .map(([key, text]) => `${key}: ${printString(text)}`)
}

function printOpsets(imports: readonly OpsetImport[]): string {
  const items = imports.map(({ domain, version }) => `${printString(domain)} : ${version}`)
  return `[${items.join(', ')}]`
}

function printFunction(definition: FunctionDefinition, options: PrintOptions): string {
  const { body, domain, overload, docString } = definition
  const header = [
    ...texts({ domain, overload, doc_string: docString }),
    `opset_import: ${printOpsets(definition.opsetImports)}`,
  ]
  const printing = { ...options, graph: (graph: typeof body) => printGraph(graph, options) }
  const attributes = [
    ...definition.attributeNames.map(printName),
    ...definition.attributeDefaults.map((attribute) => printAttribute(attribute, printing)),
  ]
  const declared = new Set([...body.inputs, ...body.outputs])
  const inner = body.valueInfo.filter((value) => value.type !== null && !declared.has(value))
  const list = (items: readonly string[]) => (items.length === 0 ? '' : ` <${items.join(', ')}>`)
  const inputs = body.inputs.map(printTyped).join(', ')
  const outputs = body.outputs.map(printTyped).join(', ')
  const signature = `${printName(definition.name)}${list(attributes)} (${inputs}) => (${outputs})`
  return `<${header.join(', ')}>\n${signature}${list(inner.map(printTyped))} ${printNodes(body, options, '')}`
}
