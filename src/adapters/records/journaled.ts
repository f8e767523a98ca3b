// Records in Redis that survive the loss of Redis: what is committed is also appended to a journal in another store.

import type { Redis } from 'ioredis'
import type { JournalLag, JournalSize, RecordJournal } from '#src/ports/record-journal'
import type { RecordStore } from '#src/ports/record-store'
import { unavailable } from '../redis/redis-error.ts'
import { JournalTail } from './journal-tail.ts'
import { JournalUpkeep } from './journal-upkeep.ts'
import { prepareWrite } from './prepared-write.ts'
import { RecordRecovery } from './record-recovery.ts'
import { RedisRecovery } from './redis-recovery.ts'
import { NotWholeError, redisRecords } from './redis.ts'

export interface JournaledRecordsOptions {
  /** For these records alone; stays open when they are closed. */
  readonly redis: Redis
  /** Of all keys; with a hash tag, as in `{tersor}`. */
  readonly prefix: string
  /** Stays open likewise. */
  readonly journal: RecordJournal
  /** Told what goes wrong in the background; it is tried again. */
  readonly onError: (error: unknown) => void
  /** Told how many records this process has read from the journal to make Redis whole. */
  readonly onRecovered: (records: number) => void
  /** How long commits are gathered into one batch of the journal; `later`: those that are in no hurry. */
  readonly gatherMs?: { readonly soon: number; readonly later: number }
  /** Whether the journal should be compacted now. */
  readonly worthCompacting?: (size: JournalSize) => boolean
}

export interface JournaledRecords extends RecordStore {
  /** What this process has committed and the journal does not hold yet. */
  journalLag(): JournalLag
  readonly upkeep: Pick<JournalUpkeep, 'compact' | 'appendStragglers'>
}

const GATHER_MS = { soon: 100, later: 5000 }
/** A request waits so long for a recovery that goes on, before it is told to come again. */
const PATIENCE_MS = 1500
const OPEN_MS = 10_000
const CLOSE_MS = 5000

export async function openJournaledRecords(
  options: JournaledRecordsOptions,
): Promise<JournaledRecords> {
  const { redis, prefix, journal, onError, onRecovered, gatherMs = GATHER_MS } = options
  const records = redisRecords({ redis, prefix }, 'guarded')
  const store = new RedisRecovery(redis, prefix)
  const underWay = new Set<Promise<unknown>>()
  const tail = new JournalTail({
    journal,
    gatherMs,
    onJournaled: (entries) => store.sayJournaled(entries),
    onError,
  })
  const recovery = new RecordRecovery({
    redis,
    store,
    journal,
    onError,
    onRecovered,
    async remembered() {
      await Promise.allSettled(underWay)
      return tail.remembered()
    },
  })
  const upkeep = new JournalUpkeep({
    store,
    journal,
    onError,
    epoch: () => recovery.epoch,
    add: (entries) => tail.add(entries),
    failing: () => tail.failing,
    ...(options.worthCompacting === undefined ? {} : { worthCompacting: options.worthCompacting }),
  })
  recovery.start()
  upkeep.start()
  await recovery.whole(OPEN_MS)

  /** Nothing has happened when the records turn out not to be whole: it is safe to try again. */
  async function whenWhole<T>(act: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const patience = redis.status === 'ready' ? deadline - performance.now() : 0
      if (!(await recovery.whole(patience))) throw unavailable('the records are being recovered')
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof NotWholeError)) throw error
        recovery.suspect()
      }
    }
  }

  /** A recovery waits for what was sent before it began. */
  async function tracked<T>(work: Promise<T>): Promise<T> {
    underWay.add(work)
    try {
      return await work
    } finally {
      underWay.delete(work)
    }
  }

  return {
    get: (collection, id) => whenWhole(() => records.get(collection, id)),
    list: (collection, query) => whenWhole(() => records.list(collection, query)),
    count: (collection, where) => whenWhole(() => records.count(collection, where)),

    async commit(writes) {
      const prepared = writes.map(prepareWrite)
      const send = async (): Promise<boolean> => {
        const sequence = await records.commitNumbered(prepared)
        if (sequence === null) return false
        tail.add(
          prepared.map(({ collection, id, version, document }) => {
            return { sequence, collection, id, version, document }
          }),
        )
        return true
      }
      return await whenWhole(() => tracked(send()))
    },

    journalLag: () => tail.lag(),
    upkeep,

    async close() {
      await Promise.allSettled(underWay)
      await recovery.close()
      await upkeep.close()
      await tail.close(CLOSE_MS)
    },
  }
}
