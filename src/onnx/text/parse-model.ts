// A model from ONNX's textual syntax (onnx/defs/parser, docs/Syntax.md), for tests and examples:
// `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 3] x) => (float[N, 3] y) { y = Relu(x) }`.

import type { Model } from '../ir/model.ts'
import type { Message } from '../proto/schema.ts'
import { modelOfMessage } from '../read-model.ts'
import { Lexer } from './lexer.ts'
import { parseAttribute } from './parse-attribute.ts'
import { parseGraph, parseNodes, parseValueInfo } from './parse-graph.ts'
import { parsePairs } from './parse-scalar.ts'

type Opsets = Message<'OperatorSetIdProto'>[]

/**
 * @throws SyntaxError with line and column; OnnxError when the graph is not well formed
 */
export function parseModel(text: string): Model {
  const lexer = new Lexer(text)
  const header = lexer.is('<') ? parseModelHeader(lexer) : {}
  const message: Message<'ModelProto'> = { ...header, graph: parseGraph(lexer) }
  const functions: Message<'FunctionProto'>[] = []
  while (lexer.token.kind !== 'end') functions.push(parseFunction(lexer))
  return modelOfMessage(functions.length > 0 ? { ...message, functions } : message, undefined)
}

function parseModelHeader(lexer: Lexer): Message<'ModelProto'> {
  const fields = lexer.list('<', '>', (): Message<'ModelProto'> => {
    const key = lexer.word()
    lexer.expect(':')
    switch (key) {
      case 'ir_version':
      case 'model_version':
        return { [key]: lexer.int() }
      case 'producer_name':
      case 'producer_version':
      case 'domain':
      case 'doc_string':
        return { [key]: lexer.string() }
      case 'opset_import':
        return { opset_import: parseOpsets(lexer) }
      case 'metadata_props':
        return { metadata_props: parsePairs(lexer) }
      default:
        throw lexer.error(`'${key}' is no field of a model; before`)
    }
  })
  return Object.assign({}, ...fields) as Message<'ModelProto'>
}

/** `["" : 17, "com.acme" : 1]`. */
function parseOpsets(lexer: Lexer): Opsets {
  return lexer.list('[', ']', () => {
    const domain = lexer.string()
    lexer.expect(':')
    return { domain, version: lexer.int() }
  })
}

function parseFunction(lexer: Lexer): Message<'FunctionProto'> {
  const header = lexer.is('<') ? parseFunctionHeader(lexer) : {}
  const name = lexer.name()
  const attribute: string[] = []
  const attribute_proto: Message<'AttributeProto'>[] = []
  if (lexer.is('<')) {
    lexer.list('<', '>', () => {
      const required = lexer.lookahead.text === ',' || lexer.lookahead.text === '>'
      if (required) attribute.push(lexer.name())
      else attribute_proto.push(parseAttribute(lexer, parseGraph))
    })
  }
  const inputs = lexer.list('(', ')', () => parseValueInfo(lexer))
  lexer.expect('=>')
  const outputs = lexer.list('(', ')', () => parseValueInfo(lexer))
  const inner = lexer.is('<') ? lexer.list('<', '>', () => parseValueInfo(lexer)) : []
  const value_info = [...inputs, ...outputs, ...inner].filter(({ type }) => type !== undefined)
  return {
    ...header,
    name,
    input: inputs.map((info) => info.name ?? ''),
    output: outputs.map((info) => info.name ?? ''),
    attribute,
    attribute_proto,
    node: parseNodes(lexer),
    value_info,
  }
}

function parseFunctionHeader(lexer: Lexer): Message<'FunctionProto'> {
  const fields = lexer.list('<', '>', (): Message<'FunctionProto'> => {
    const key = lexer.word()
    lexer.expect(':')
    switch (key) {
      case 'domain':
      case 'overload':
      case 'doc_string':
        return { [key]: lexer.string() }
      case 'opset_import':
        return { opset_import: parseOpsets(lexer) }
      default:
        throw lexer.error(`'${key}' is no field of a function; before`)
    }
  })
  return Object.assign({}, ...fields) as Message<'FunctionProto'>
}
