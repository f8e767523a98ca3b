// Attributes: `axis = 1`, `pads = [0, 0]`, `axes: ints = []`, `value = float[2] {1, 2}`, `alpha: float = @alpha`,
// `then_branch = g () => (float y) { … }`, `type: type_proto = float[N]`.

import { encodeText } from '../proto/text-codec.ts'
import type { Message } from '../proto/schema.ts'
import type { Lexer } from './lexer.ts'
import { atNumber, parseNumber } from './parse-scalar.ts'
import { parseSparseData, parseTensorData, sizesOf } from './parse-tensor.ts'
import { atType, parseTensorHead, parseType } from './parse-type.ts'
import type { AttributeWord } from './type-words.ts'
import { ATTRIBUTE_WORDS } from './type-words.ts'

type Attribute = Message<'AttributeProto'>
type GraphParser = (lexer: Lexer) => Message<'GraphProto'>

export function parseAttributes(lexer: Lexer, graph: GraphParser): Attribute[] {
  return lexer.list('<', '>', () => parseAttribute(lexer, graph))
}

export function parseAttribute(lexer: Lexer, graph: GraphParser): Attribute {
  const name = lexer.name()
  const declared = lexer.skip(':') ? attributeWord(lexer) : null
  lexer.expect('=')
  if (lexer.skip('@')) {
    if (declared === null)
      throw lexer.error('a reference needs a type, as in alpha: float = @alpha')
    return { name, type: codeOf(declared), ref_attr_name: lexer.name() }
  }
  const [type, value] = lexer.is('[')
    ? parseList(lexer, declared, graph)
    : parseSingle(lexer, declared, graph)
  return { name, type: codeOf(type), ...value }
}

function attributeWord(lexer: Lexer): AttributeWord {
  const word = ATTRIBUTE_WORDS.find((candidate) => candidate === lexer.token.text)
  if (word === undefined) throw lexer.error('expected an attribute type')
  lexer.take()
  return word
}

function codeOf(word: AttributeWord): number {
  return ATTRIBUTE_WORDS.indexOf(word)
}

function parseSingle(
  lexer: Lexer,
  declared: AttributeWord | null,
  graph: GraphParser,
): [AttributeWord, Attribute] {
  if (declared === 'type_proto') return ['type_proto', { tp: parseType(lexer) }]
  if (lexer.token.kind === 'string' && lexer.lookahead.text !== '(') {
    return ['string', { s: encodeText(lexer.string()) }]
  }
  if (atNumber(lexer)) {
    const value = parseNumber(lexer)
    if (typeof value === 'bigint' && declared !== 'float') return ['int', { i: value }]
    return ['float', { f: Number(value) }]
  }
  if (lexer.token.text === 'sparse_tensor' && lexer.lookahead.text === '(') {
    const shape = parseType(lexer).sparse_tensor_type?.shape
    return ['sparse_tensor', { sparse_tensor: parseSparseData(lexer, '', sizesOf(lexer, shape)) }]
  }
  if (atType(lexer)) return ['tensor', { t: parseTensor(lexer) }]
  return ['graph', { g: graph(lexer) }]
}

function parseTensor(lexer: Lexer): Message<'TensorProto'> {
  const { dtype, dims } = parseTensorHead(lexer)
  const { kind, text } = lexer.token
  const generator = kind === 'word' && lexer.lookahead.text === '('
  const name =
    kind === 'string' || (kind === 'word' && !generator && text !== '') ? lexer.name() : ''
  lexer.skip('=')
  return parseTensorData(lexer, name, dtype, dims)
}

function parseList(
  lexer: Lexer,
  declared: AttributeWord | null,
  graph: GraphParser,
): [AttributeWord, Attribute] {
  const single = declared === 'type_protos' ? 'type_proto' : declared === 'floats' ? 'float' : null
  const elements = lexer.list('[', ']', () => parseSingle(lexer, single, graph))
  const kinds = new Set(elements.map(([kind]) => kind))
  const values = elements.map(([, value]) => value)
  if (elements.length === 0) {
    if (declared === null) throw lexer.error('an empty list needs a type, as in axes: ints = []')
    return [declared, {}]
  }
  if (kinds.has('float')) {
    return ['floats', { floats: values.map(({ f, i }) => f ?? Number(i ?? 0n)) }]
  }
  if (kinds.size > 1) throw lexer.error('the elements of a list must have one type')
  if (kinds.has('int')) return ['ints', { ints: values.flatMap(({ i }) => i ?? []) }]
  if (kinds.has('string')) return ['strings', { strings: values.flatMap(({ s }) => s ?? []) }]
  if (kinds.has('tensor')) return ['tensors', { tensors: values.flatMap(({ t }) => t ?? []) }]
  if (kinds.has('sparse_tensor')) {
    return [
      'sparse_tensors',
      { sparse_tensors: values.flatMap((value) => value.sparse_tensor ?? []) },
    ]
  }
  if (kinds.has('graph')) return ['graphs', { graphs: values.flatMap(({ g }) => g ?? []) }]
  return ['type_protos', { type_protos: values.flatMap(({ tp }) => tp ?? []) }]
}
