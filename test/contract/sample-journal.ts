// Small entries for the suites of journals, and what a journal comes to.

import type { JournalEntry, RecordJournal } from '#src/ports/record-journal'

/** `null`: deleted. */
export function journalEntry(sequence: number, id: string, text: string | null): JournalEntry {
  const document = text === null ? '' : JSON.stringify({ id, text })
  return { sequence, collection: 'log', id, version: text === null ? 0 : 1, document }
}

/** The newest entry of each record, in order of id. */
export async function whatHolds(journal: RecordJournal, after = 0): Promise<JournalEntry[]> {
  const newest = new Map<string, JournalEntry>()
  for await (const batch of journal.read(after)) {
    for (const entry of batch) {
      const known = newest.get(entry.id)
      if (known === undefined || known.sequence < entry.sequence) newest.set(entry.id, entry)
    }
  }
  return [...newest.values()].sort((one, other) => (one.id < other.id ? -1 : 1))
}
