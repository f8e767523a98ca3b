// Removes what a snapshot has replaced. Whatever is left when this fails goes with the next snapshot.

import type { JournalObject, JournalObjects } from './journal-objects.ts'
import { beganAt, snapshotName } from './object-names.ts'

const AT_ONCE = 16
/** Pieces without a manifest belong to a snapshot that is being taken, unless they are this old. */
const ABANDONED_MS = 24 * 3600 * 1000

/** @param covered batches that were there before the snapshot began */
export async function removeCovered(
  objects: JournalObjects,
  snapshot: string,
  covered: readonly JournalObject[],
): Promise<void> {
  const snapshots = (await objects.list('snapshot/')).map(({ name }) => name)
  const older = snapshots.filter((name) => name < `snapshot/${snapshot}`)
  const kept = snapshots.filter((name) => !older.includes(name))
  const replaced = (part: string): boolean =>
    older.some((name) => part.startsWith(`part/${snapshotName(name)}/`))
  const abandoned = (part: string): boolean =>
    !kept.some((name) => part.startsWith(`part/${snapshotName(name)}/`)) &&
    beganAt(part) < Date.now() - ABANDONED_MS
  const parts = (await objects.list('part/')).map(({ name }) => name)
  await removeAll(objects, older)
  // Oldest first: of a record and its deletion, the record goes first.
  await removeAll(objects, covered.map(({ name }) => name).sort())
  await removeAll(
    objects,
    parts.filter((part) => replaced(part) || abandoned(part)),
  )
}

async function removeAll(objects: JournalObjects, names: readonly string[]): Promise<void> {
  for (let index = 0; index < names.length; index += AT_ONCE) {
    const some = names.slice(index, index + AT_ONCE)
    await Promise.all(some.map((name) => objects.remove(name)))
  }
}
