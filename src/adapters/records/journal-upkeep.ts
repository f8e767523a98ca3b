// What one process at a time does for the journal of all: appends what dead ones left behind, and compacts it.

import { randomUUID } from 'node:crypto'
import type { CollectionName } from '#src/domain/records'
import { INDEXES } from '#src/domain/records'
import type { JournalEntry, JournalSize, RecordJournal } from '#src/ports/record-journal'
import { journalPace } from './journal-pace.ts'
import type { RedisRecovery } from './redis-recovery.ts'

export interface JournalUpkeepOptions {
  readonly store: RedisRecovery
  readonly journal: RecordJournal
  /** Of the records; `null` while they are not whole. */
  readonly epoch: () => string | null
  /** Appends to the journal, in the end. */
  readonly add: (entries: readonly JournalEntry[]) => void
  /** Whether the journal could not be reached of late. */
  readonly failing: () => boolean
  readonly onError: (error: unknown) => void
  /** Default: `worthCompacting`. */
  readonly worthCompacting?: (size: JournalSize) => boolean
}

const STRAGGLERS_MS = 5000
/** A commit of a living process is in the journal long before that. */
const STRAGGLER_AGE_MS = 20_000
const COMPACTION_MS = 30_000
const COMPACTION_LOCK_MS = 60_000
const PAGE = 200

const BATCHES_WORTH_IT = 4000
const BYTES_WORTH_IT = 16 * 2 ** 20

/** Each byte is rewritten a few times in its life, and a rebuild reads at most about twice what it needs. */
export function worthCompacting({ batches, bytes, snapshotBytes }: JournalSize): boolean {
  return batches >= BATCHES_WORTH_IT || bytes >= Math.max(BYTES_WORTH_IT, snapshotBytes)
}

export class JournalUpkeep {
  readonly #options: JournalUpkeepOptions
  readonly #timers: NodeJS.Timeout[] = []
  #work: Promise<void> = Promise.resolve()
  #closed = false
  /** The last commit as it was some time ago: what is not in the journal by now was left behind. */
  #marks: { readonly at: number; readonly sequence: number; readonly epoch: string }[] = []

  constructor(options: JournalUpkeepOptions) {
    this.#options = options
  }

  start(): void {
    this.#every(STRAGGLERS_MS, () => this.#appendInTurn())
    this.#every(COMPACTION_MS, () => this.#compactInTurn())
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#work
  }

  #every(milliseconds: number, act: () => Promise<unknown>): void {
    const timer = setInterval(() => {
      this.#work = this.#work.then(async () => {
        if (this.#closed || this.#options.epoch() === null || this.#options.failing()) return
        await act().catch(this.#options.onError)
      })
    }, milliseconds)
    this.#timers.push(timer)
  }

  async #appendInTurn(): Promise<void> {
    const sequence = await this.#sequenceBefore(STRAGGLER_AGE_MS)
    if (sequence === null) return
    if (!(await this.#options.store.takeLock('stragglers', randomUUID(), STRAGGLERS_MS))) return
    await this.appendStragglers(sequence)
  }

  /** Number of a commit that is at least so old, and of none that is much older; `null` while none is known. */
  async #sequenceBefore(milliseconds: number): Promise<number | null> {
    const epoch = this.#options.epoch()
    if (epoch === null) return null
    const now = performance.now()
    this.#marks = this.#marks.filter((mark) => mark.epoch === epoch)
    this.#marks.push({ at: now, epoch, sequence: await this.#options.store.lastSequence() })
    const old = this.#marks.filter(({ at }) => at <= now - milliseconds)
    this.#marks = this.#marks.slice(Math.max(old.length - 1, 0))
    return old.at(-1)?.sequence ?? null
  }

  /** Hands on what was committed up to this number and is not in the journal. Two at a time do no harm. */
  async appendStragglers(sequence: number): Promise<void> {
    const { store, add } = this.#options
    for await (const found of store.unjournaled(sequence, PAGE)) add(found)
  }

  async #compactInTurn(): Promise<void> {
    const { store, journal } = this.#options
    const token = randomUUID()
    if (!(await store.takeLock('compaction', token, COMPACTION_LOCK_MS))) return
    const renewal = setInterval(() => {
      store.holdLock('compaction', token, COMPACTION_LOCK_MS).catch(this.#options.onError)
    }, COMPACTION_LOCK_MS / 4)
    try {
      const worth = this.#options.worthCompacting ?? worthCompacting
      if (worth(await journal.size())) await this.compact()
    } finally {
      clearInterval(renewal)
      await store.holdLock('compaction', token, COMPACTION_MS)
    }
  }

  /** False when the records did not stay whole meanwhile. Two at a time do no harm. */
  async compact(): Promise<boolean> {
    const { store, journal } = this.#options
    const epoch = this.#options.epoch()
    if (epoch === null) return false
    const holds = async (): Promise<boolean> => {
      const state = await store.state()
      return state.kind === 'whole' && state.epoch === epoch && !this.#closed
    }
    const sequence = await store.lastSequence()
    return await journal.compact(sequence, () => this.#livePages(epoch), holds)
  }

  /** Every record, and the deletions that are remembered; fewer, once this is being closed. */
  async *#livePages(epoch: string): AsyncGenerator<readonly JournalEntry[]> {
    const { store } = this.#options
    for (const collection of Object.keys(INDEXES) as CollectionName[]) {
      if (journalPace({ collection }) === 'never') continue
      let after = ''
      while (!this.#closed) {
        const page = await store.page(epoch, collection, after, PAGE)
        if (page.length > 0) yield page
        if (page.length < PAGE) break
        after = page.at(-1)!.id
      }
    }
    yield await store.gone(epoch)
  }
}
