// A store that is away for a while must not cost a job: what a worker asks of it is asked again until it answers.

import { TersorError } from '#src/domain/errors'
import type { RecordStore } from '#src/ports/record-store'
import type { ServiceContext } from '#src/services/service-context'
import { pause } from './pause.ts'

export interface Patience {
  /** Milliseconds after which a store that does not answer is an error after all. */
  readonly longestMs: number
  /** Aborts when the process must end. */
  readonly giveUp: AbortSignal
  /** Called when the first try failed. */
  readonly onWait: (error: unknown) => void
}

const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 10_000
/** Share of a wait that is random, so that workers do not come back all at once. */
const JITTER = 0.3

/** Calls `work` until it does not fail with the error `unavailable`. Every call must be able to start anew. */
export async function patiently<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
  const since = performance.now()
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await work()
    } catch (error) {
      const away = error instanceof TersorError && error.code === 'unavailable'
      const waited = performance.now() - since
      if (!away || patience.giveUp.aborted || waited > patience.longestMs) throw error
      if (wait === FIRST_WAIT_MS) patience.onWait(error)
      await pause(wait * (1 + JITTER * (Math.random() - 0.5)), patience.giveUp)
    }
  }
}

/**
 * The same context with patient stores. A commit that was applied although its answer got lost is refused when it is
 * tried again; callers read the record then, as after any refusal.
 * `blobs.put` is left as it is: a stream cannot start anew.
 */
export function patientService(service: ServiceContext, patience: Patience): ServiceContext {
  const { blobs } = service
  const records = patientRecords(service.records, patience)
  return {
    ...service,
    records,
    endpoints: service.endpoints.through(records),
    blobs: {
      ...blobs,
      stat: (key) => patiently(patience, () => blobs.stat(key)),
      download: (key, path) => patiently(patience, () => blobs.download(key, path)),
    },
  }
}

function patientRecords(records: RecordStore, patience: Patience): RecordStore {
  return {
    get: (collection, id) => patiently(patience, () => records.get(collection, id)),
    commit: (writes) => patiently(patience, () => records.commit(writes)),
    list: (collection, query) => patiently(patience, () => records.list(collection, query)),
    count: (collection, where) => patiently(patience, () => records.count(collection, where)),
    close: () => records.close(),
  }
}
