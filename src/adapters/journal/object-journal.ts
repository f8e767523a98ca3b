// A journal as objects: `batch/` what was appended, `part/` the pieces of snapshots, `snapshot/` which pieces make one.
// A snapshot exists once its manifest does; only then is what it replaces removed, so that a crash costs space at most.

import { randomUUID } from 'node:crypto'
import type { JournalEntry, RecordJournal } from '#src/ports/record-journal'
import { encodeEntries } from './entry-lines.ts'
import type { JournalObject, JournalObjects } from './journal-objects.ts'
import { newestSnapshot, padNumber } from './object-names.ts'
import type { SnapshotManifest } from './object-names.ts'
import { readJournal } from './read-journal.ts'
import { removeCovered } from './remove-covered.ts'

/** Of text before compression. */
const PART_BYTES = 4 * 2 ** 20

export function objectJournal(objects: JournalObjects): RecordJournal {
  async function writeParts(
    snapshot: string,
    pages: AsyncIterable<readonly JournalEntry[]>,
  ): Promise<SnapshotManifest> {
    const parts: string[] = []
    let last = 0
    let entries: JournalEntry[] = []
    let bytes = 0
    const write = async (): Promise<void> => {
      const name = `part/${snapshot}/${padNumber(parts.length)}`
      await objects.put(name, await encodeEntries(entries))
      parts.push(name)
      entries = []
      bytes = 0
    }
    for await (const page of pages) {
      for (const entry of page) {
        entries.push(entry)
        bytes += entry.document.length
        last = Math.max(last, entry.sequence)
        if (bytes >= PART_BYTES) await write()
      }
    }
    if (entries.length > 0) await write()
    return { parts, last }
  }

  return {
    async append(entries) {
      if (entries.length === 0) return
      const last = entries.reduce((most, { sequence }) => Math.max(most, sequence), 0)
      await objects.put(`batch/${padNumber(last)}-${randomUUID()}`, await encodeEntries(entries))
    },

    read: (after) => readJournal(objects, after),

    async size() {
      const batches = await objects.list('batch/')
      const newest = newestSnapshot(await objects.list('snapshot/'))
      const parts = newest === null ? [] : await objects.list(`part/${newest}/`)
      return { batches: batches.length, bytes: bytesOf(batches), snapshotBytes: bytesOf(parts) }
    },

    async compact(sequence, pages, holds) {
      const covered = await objects.list('batch/')
      // By number first: of two snapshots taken side by side, the one that began later covers the other.
      const snapshot = `${padNumber(sequence)}-${padNumber(Date.now())}-${randomUUID()}`
      const manifest = await writeParts(snapshot, pages())
      if (!(await holds())) {
        for (const part of manifest.parts) await objects.remove(part)
        return false
      }
      await objects.put(`snapshot/${snapshot}`, Buffer.from(JSON.stringify(manifest)))
      await removeCovered(objects, snapshot, covered)
      return true
    },

    close: () => objects.close(),
  }
}

function bytesOf(objects: readonly JournalObject[]): number {
  return objects.reduce((sum, { bytes }) => sum + bytes, 0)
}
