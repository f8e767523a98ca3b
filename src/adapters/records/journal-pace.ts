// How soon what is committed goes into the journal. Until then it is in the memory of its process, and marked in Redis.

import type { CollectionName } from '#src/domain/records'
import type { JournalEntry } from '#src/ports/record-journal'

/**
 * `soon`: with the next batch. `later`: with the next batch that something else needs, or after some seconds; only the
 * newest state of that time is written. `never`: kept in memory alone, for as long as its process lives.
 */
export type JournalPace = 'soon' | 'later' | 'never'

const PACES = {
  model: 'soon',
  dataset: 'soon',
  upload: 'soon',
  upload_part: 'soon',
  // Its changes of status come with an event; what else changes while it runs is progress.
  job: 'later',
  artifact: 'soon',
  checkpoint: 'soon',
  event: 'soon',
  log: 'later',
  api_key: 'soon',
  idempotency: 'soon',
  webhook: 'soon',
  delivery: 'soon',
  tenant: 'soon',
  // It says that a process lives: only that process can.
  process: 'never',
} as const satisfies Record<CollectionName, JournalPace>

export function journalPace({ collection }: Pick<JournalEntry, 'collection'>): JournalPace {
  return PACES[collection]
}
