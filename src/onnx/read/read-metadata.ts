// `StringStringEntryProto` lists and opset imports.

import type { OpsetImport } from '../ir/model.ts'
import type { Message } from '../proto/schema.ts'
import { rememberOrigin } from '../origins.ts'

export type Metadata = readonly (readonly [string, string])[]

const NO_METADATA: Metadata = []

export function readMetadata(
  entries: readonly Message<'StringStringEntryProto'>[] | undefined,
): Metadata {
  if (entries === undefined) return NO_METADATA
  return entries.map((entry) => {
    const pair = [entry.key ?? '', entry.value ?? ''] as const
    rememberOrigin<'StringStringEntryProto'>(pair, entry)
    return pair
  })
}

export function readOpsetImports(
  imports: readonly Message<'OperatorSetIdProto'>[] | undefined,
): OpsetImport[] {
  return (imports ?? []).map((message) => {
    const opset = { domain: message.domain ?? '', version: Number(message.version ?? 0n) }
    rememberOrigin<'OperatorSetIdProto'>(opset, message)
    return opset
  })
}
