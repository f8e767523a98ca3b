// Graphs and nodes: `g (float[N] x, float[2] w = {1, 2}) => (float[N] y) <float b = {0.5}> { [label] y = Add (x, b) }`.

import { dataTypeOfCode } from '../ir/data-type.ts'
import type { Message } from '../proto/schema.ts'
import type { Lexer } from './lexer.ts'
import { parseAttributes } from './parse-attribute.ts'
import { parseSparseData, parseTensorData, sizesOf } from './parse-tensor.ts'
import { atType, parseType } from './parse-type.ts'

interface Declarations {
  readonly values: Message<'ValueInfoProto'>[]
  readonly initializers: Message<'TensorProto'>[]
  readonly sparse: Message<'SparseTensorProto'>[]
}

export function parseGraph(lexer: Lexer): Message<'GraphProto'> {
  const name = lexer.name()
  const inputs = parseDeclarations(lexer, '(', ')', 'with value')
  lexer.expect('=>')
  const output = lexer.list('(', ')', () => parseValueInfo(lexer))
  const inner = lexer.is('<')
    ? parseDeclarations(lexer, '<', '>', 'instead of value')
    : { values: [], initializers: [], sparse: [] }
  return {
    name,
    input: inputs.values,
    output,
    value_info: inner.values,
    initializer: [...inputs.initializers, ...inner.initializers],
    sparse_initializer: [...inputs.sparse, ...inner.sparse],
    node: parseNodes(lexer),
  }
}

export function parseValueInfo(lexer: Lexer): Message<'ValueInfoProto'> {
  if (!atType(lexer)) return { name: lexer.name() }
  const type = parseType(lexer)
  return { name: lexer.name(), type }
}

/** Among inputs a constant is a default value and its type is declared, too; elsewhere it is an initializer alone. */
function parseDeclarations(
  lexer: Lexer,
  open: string,
  close: string,
  constants: 'with value' | 'instead of value',
): Declarations {
  const found: Declarations = { values: [], initializers: [], sparse: [] }
  lexer.list(open, close, () => {
    const info = parseValueInfo(lexer)
    const constant = lexer.skip('=')
    if (!constant || constants === 'with value') found.values.push(info)
    if (!constant) return
    const sparse = info.type?.sparse_tensor_type
    if (sparse) {
      const dims = sizesOf(lexer, sparse.shape)
      found.sparse.push(parseSparseData(lexer, info.name ?? '', dims))
    } else found.initializers.push(parseInitializer(lexer, info))
  })
  return found
}

function parseInitializer(lexer: Lexer, info: Message<'ValueInfoProto'>): Message<'TensorProto'> {
  const type = info.type?.tensor_type
  const dtype = dataTypeOfCode(type?.elem_type ?? 0)
  if (dtype === 'none') throw lexer.error('a constant needs the type of a tensor')
  return parseTensorData(lexer, info.name ?? '', dtype, sizesOf(lexer, type?.shape))
}

export function parseNodes(lexer: Lexer): Message<'NodeProto'>[] {
  lexer.expect('{')
  const nodes: Message<'NodeProto'>[] = []
  while (!lexer.is('}')) nodes.push(parseNode(lexer))
  lexer.expect('}')
  return nodes
}

function parseNode(lexer: Lexer): Message<'NodeProto'> {
  const label = lexer.is('[') ? lexer.list('[', ']', () => lexer.name()) : []
  const output: string[] = []
  while (!lexer.is('=')) {
    output.push(lexer.name())
    if (!lexer.skip(',')) break
  }
  lexer.expect('=')
  const { domain, op_type } = parseOperator(lexer)
  const overload = lexer.skip(':') ? lexer.name() : ''
  const before = lexer.is('<') ? parseAttributes(lexer, parseGraph) : []
  const input = lexer.list('(', ')', () => lexer.name())
  const after = lexer.is('<') ? parseAttributes(lexer, parseGraph) : []
  return {
    input,
    output,
    ...(label[0] ? { name: label[0] } : {}),
    op_type,
    attribute: [...before, ...after],
    ...(domain ? { domain } : {}),
    ...(overload ? { overload } : {}),
  }
}

/** `Relu`, `com.acme.Relu`, or with quotes `"a-b".Relu`: all before the last point is the domain. */
function parseOperator(lexer: Lexer): { domain: string; op_type: string } {
  const words = [lexer.name()]
  while (lexer.skip('.')) words.push(lexer.name())
  return { domain: words.slice(0, -1).join('.'), op_type: words.at(-1) ?? '' }
}
