// A journal in the heap, for tests and benches.

import type { RecordJournal } from '#src/ports/record-journal'
import type { JournalObjects } from './journal-objects.ts'
import { objectJournal } from './object-journal.ts'

export async function openMemoryJournal(): Promise<RecordJournal> {
  return objectJournal(memoryObjects())
}

export function memoryObjects(): JournalObjects {
  const bodies = new Map<string, Uint8Array>()
  return {
    async put(name, body) {
      bodies.set(name, body.slice())
    },
    async get(name) {
      return bodies.get(name) ?? null
    },
    async list(prefix) {
      return [...bodies]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, body]) => ({ name, bytes: body.byteLength }))
    },
    async remove(name) {
      bodies.delete(name)
    },
    async close() {},
  }
}
