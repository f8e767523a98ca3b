// Metadata and opset imports → messages.

import type { OpsetImport } from '../ir/model.ts'
import { isImplicit, originOf } from '../origins.ts'
import type { Message } from '../proto/schema.ts'

type Entries = readonly (readonly [string, string])[]

export function metadataMessages(entries: Entries): Message<'StringStringEntryProto'>[] {
  return entries.map((pair) => {
    const [key, value] = pair
    const origin = originOf<'StringStringEntryProto'>(pair)
    return Object.keys(origin).length > 0 ? origin : { key, value }
  })
}

export function opsetMessages(imports: readonly OpsetImport[]): Message<'OperatorSetIdProto'>[] {
  return imports
    .filter((opset) => !isImplicit(opset))
    .map((opset) => {
      const origin = originOf<'OperatorSetIdProto'>(opset)
      if (Object.keys(origin).length > 0) return origin
      return { domain: opset.domain, version: BigInt(opset.version) }
    })
}

/** The fields that are not empty: no field at all is the form of an empty one. */
export function filled<Fields extends Record<string, unknown>>(fields: Fields): Partial<Fields> {
  const kept: Partial<Fields> = {}
  for (const field in fields) {
    const value = fields[field]
    const empty = Array.isArray(value) ? value.length === 0 : value === '' || value === 0n
    if (!empty) kept[field] = value
  }
  return kept
}
