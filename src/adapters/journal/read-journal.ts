// Reading a journal while others append to it and compact it.

import type { JournalEntry } from '#src/ports/record-journal'
import { decodeEntries } from './entry-lines.ts'
import type { JournalObjects } from './journal-objects.ts'
import { lastSequence, newestSnapshot } from './object-names.ts'
import type { SnapshotManifest } from './object-names.ts'

/** An object that was listed is gone: a compaction has replaced it. */
class Replaced extends Error {}

const ATTEMPTS = 10
const AT_ONCE = 16

export async function* readJournal(
  objects: JournalObjects,
  after: number,
): AsyncGenerator<readonly JournalEntry[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      yield* readOnce(objects, after)
      return
    } catch (error) {
      // What was read before holds still: only entries that no longer hold may come twice.
      if (!(error instanceof Replaced) || attempt === ATTEMPTS) throw error
    }
  }
}

/**
 * Batches are listed before snapshots: a batch that is missing from the list was removed after the snapshot that
 * replaces it had appeared.
 */
async function* readOnce(
  objects: JournalObjects,
  after: number,
): AsyncGenerator<readonly JournalEntry[]> {
  const batches = await objects.list('batch/')
  const newest = newestSnapshot(await objects.list('snapshot/'))
  const manifest = newest === null ? null : await readManifest(objects, newest)
  const parts = manifest === null || manifest.last <= after ? [] : manifest.parts
  const newer = batches.map(({ name }) => name).filter((name) => lastSequence(name) > after)
  const names = [...parts, ...newer.sort()]
  for (let index = 0; index < names.length; index += AT_ONCE) {
    const some = names.slice(index, index + AT_ONCE)
    yield* await Promise.all(some.map((name) => readObject(objects, name)))
  }
}

async function readManifest(objects: JournalObjects, snapshot: string): Promise<SnapshotManifest> {
  const body = await objects.get(`snapshot/${snapshot}`)
  if (body === null) throw new Replaced(snapshot)
  return JSON.parse(Buffer.from(body).toString('utf8')) as SnapshotManifest
}

async function readObject(objects: JournalObjects, name: string): Promise<readonly JournalEntry[]> {
  const body = await objects.get(name)
  if (body === null) throw new Replaced(name)
  return await decodeEntries(body, name)
}
