// What this process has appended to the journal of late: a listing of the journal may not show it yet.

import type { JournalEntry } from '#src/ports/record-journal'

const KEPT_MS = 60_000
const MOST_BYTES = 32 * 2 ** 20

/** Of the record that the entry is a state of. */
export function keyOf({ collection, id }: Pick<JournalEntry, 'collection' | 'id'>): string {
  return `${collection}:${id}`
}

export class RecentEntries {
  /** In the order of being added. */
  readonly #kept = new Map<string, { readonly entry: JournalEntry; readonly at: number }>()
  #bytes = 0

  add(entries: readonly JournalEntry[]): void {
    const now = performance.now()
    for (const entry of entries) {
      const key = keyOf(entry)
      this.#drop(key)
      this.#kept.set(key, { entry, at: now })
      this.#bytes += entry.document.length
    }
    this.#dropOld(now)
  }

  entries(): readonly JournalEntry[] {
    this.#dropOld(performance.now())
    return [...this.#kept.values()].map(({ entry }) => entry)
  }

  #dropOld(now: number): void {
    for (const [key, { at }] of this.#kept) {
      if (at > now - KEPT_MS && this.#bytes <= MOST_BYTES) return
      this.#drop(key)
    }
  }

  #drop(key: string): void {
    const known = this.#kept.get(key)
    if (known === undefined) return
    this.#bytes -= known.entry.document.length
    this.#kept.delete(key)
  }
}
