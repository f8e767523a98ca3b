// What a file said that the IR has no word for: whether a field with its default value was written out, fields that
// later versions of the format add, the form of an entry. Kept beside the IR so that an untouched model is written as it was read.
//
// For immutable parts (tensors, attributes, opset imports, lists of metadata) the origin is the message itself: the same object
// is the same content. For mutable ones (models, graphs, nodes) it holds only the fields that were written with their default.

import type { Graph } from './ir/graph.ts'
import type { ValueType } from './ir/value-type.ts'
import type { Value } from './ir/value.ts'
import type { Message, MessageName } from './proto/schema.ts'

const ORIGINS = new WeakMap<object, object>()

export function rememberOrigin<Name extends MessageName>(
  part: object,
  message: Message<Name>,
): void {
  ORIGINS.set(part, message)
}

/** The message that the part was read from, or an empty one. `Name` is what the part was remembered with. */
export function originOf<Name extends MessageName>(part: object): Message<Name> {
  return ORIGINS.get(part) ?? {}
}

/** Remembers those of the fields that the message holds with their default value. */
export function rememberDefaults<Name extends MessageName>(
  part: object,
  message: Message<Name>,
  fields: readonly (keyof Message<Name>)[],
): void {
  let kept: Record<PropertyKey, unknown> | null = null
  for (const field of fields) {
    const value: unknown = message[field]
    if (value !== '' && value !== 0n) continue
    kept ??= {}
    kept[field] = value
  }
  if (kept !== null) ORIGINS.set(part, kept)
}

const IMPLICIT = new WeakSet<object>()

/** Marks a part that the reader supplied and no file holds. */
export function rememberImplicit(part: object): void {
  IMPLICIT.add(part)
}

export function isImplicit(part: object): boolean {
  return IMPLICIT.has(part)
}

/** The entry of one value in one list of a graph, with what the value was like when all was read. */
interface EntryOrigin {
  readonly message: Message<'ValueInfoProto'>
  readonly type: ValueType | null
  readonly docString: string
  readonly metadata: Value['metadata']
}

export type EntryList = 'input' | 'output' | 'value_info'

/** A list may name a value more than once. */
const ENTRIES = new WeakMap<Graph, Record<EntryList, Map<Value, EntryOrigin[]>>>()

export function rememberEntry(
  graph: Graph,
  list: EntryList,
  value: Value,
  message: Message<'ValueInfoProto'>,
): void {
  let lists = ENTRIES.get(graph)
  if (lists === undefined) {
    lists = { input: new Map(), output: new Map(), value_info: new Map() }
    ENTRIES.set(graph, lists)
  }
  const { type, docString, metadata } = value
  const entry = { message, type, docString, metadata }
  const known = lists[list].get(value)
  if (known === undefined) lists[list].set(value, [entry])
  else known.push(entry)
}

/**
 * The entry as it was read, unless the value has been changed since; its name may be another by now.
 * @param occurrence 0 for the first entry of the value in this list
 */
export function unchangedEntry(
  graph: Graph,
  list: EntryList,
  value: Value,
  occurrence: number,
): Message<'ValueInfoProto'> | null {
  const entry = ENTRIES.get(graph)?.[list].get(value)?.[occurrence]
  if (entry === undefined) return null
  const unchanged =
    entry.type === value.type &&
    entry.docString === value.docString &&
    entry.metadata === value.metadata
  return unchanged ? entry.message : null
}
