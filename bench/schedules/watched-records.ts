// The records all processes share, with a judge at the commit: it sees every change of every job in order.

import { openMemoryRecords } from '#src/adapters/records/memory'
import type { RecordStore } from '#src/ports/record-store'
import type { Actor } from './scheduler.ts'
import type { Judge } from './judge.ts'

export interface WatchedRecords {
  readonly store: RecordStore
  commit(actor: Actor, writes: Parameters<RecordStore['commit']>[0]): Promise<boolean>
}

/** @param fenced false: versions are not looked at. A checker that finds nothing then is worth nothing. */
export async function watchRecords(judge: Judge, fenced: boolean): Promise<WatchedRecords> {
  const store = await openMemoryRecords()

  async function unfenced(
    writes: Parameters<RecordStore['commit']>[0],
  ): Promise<Parameters<RecordStore['commit']>[0]> {
    return await Promise.all(
      writes.map(async (write) => {
        if (write.op !== 'update') return write
        const found = await store.get(write.collection, write.record.id)
        return { ...write, version: found?.version ?? 0 }
      }),
    )
  }

  return {
    store,
    async commit(actor, writes) {
      const done = await store.commit(fenced ? writes : await unfenced(writes))
      if (done) judge.committed(actor, writes)
      return done
    },
  }
}
