// Watches whether Redis holds all records, and brings back what it lost: from the journal, and from what every process
// still remembers. Until that is done, nothing is read or written: a record that is missing now is not "not found".

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { JournalEntry, RecordJournal } from '#src/ports/record-journal'
import { RoundOver } from './redis-recovery.ts'
import type { RedisRecovery, StoreState } from './redis-recovery.ts'

export interface RecordRecoveryOptions {
  readonly redis: Redis
  readonly store: RedisRecovery
  readonly journal: RecordJournal
  /** What this process remembers, once the commits it has sent are answered. */
  readonly remembered: () => Promise<readonly JournalEntry[]>
  readonly onError: (error: unknown) => void
  /** Told when this process has brought back records from the journal. */
  readonly onRecovered: (records: number) => void
}

const WATCH_MS = 1000
const RETRY_MS = 100
const LOCK_MS = 5000
const LOCK_RENEWAL_MS = 1000
/** A process that is connected and silent for longer than this is taken for dead. */
const OFFER_MS = 10_000
/** Processes reconnect within 2 s of the server's start; those that remember something should be heard. */
const LEAST_SERVER_AGE_SECONDS = 3

export class RecordRecovery {
  readonly #options: RecordRecoveryOptions
  readonly #process = randomUUID()
  #epoch: string | null = null
  /** The last round in which this process offered what it remembers. */
  #offered: string | null = null
  #open = false
  /** Counts the connections that were lost. */
  #losses = 0
  #closed = false
  readonly #waiters = new Set<() => void>()
  #wake: () => void = () => undefined
  #loop: Promise<void> = Promise.resolve()
  readonly #onClose = (): void => {
    this.#open = false
    this.#losses += 1
  }
  readonly #onReady = (): void => this.#wake()

  constructor(options: RecordRecoveryOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.redis.on('close', this.#onClose)
    this.#options.redis.on('ready', this.#onReady)
    this.#loop = this.#watch()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#loop
    this.#options.redis.off('close', this.#onClose)
    this.#options.redis.off('ready', this.#onReady)
    if (this.#open) await this.#options.store.hideProcess().catch(this.#options.onError)
    this.#open = false
  }

  /** Name of the present epoch; `null` while Redis does not hold all records, as far as this process knows. */
  get epoch(): string | null {
    return this.#open ? this.#epoch : null
  }

  /** Whether Redis holds all records, now or within so many milliseconds. */
  async whole(milliseconds: number): Promise<boolean> {
    if (this.#open) return true
    if (milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          this.#waiters.delete(done)
          resolve()
        }
        const timer = setTimeout(done, milliseconds)
        this.#waiters.add(done)
      })
    }
    return this.#open
  }

  /** An answer of Redis said that it does not hold all records. */
  suspect(): void {
    this.#open = false
    this.#wake()
  }

  async #watch(): Promise<void> {
    while (!this.#closed) {
      let pause = WATCH_MS
      try {
        await this.#look()
        if (!this.#open) pause = RETRY_MS
      } catch (error) {
        this.#open = false
        if (!(error instanceof RoundOver)) this.#options.onError(error)
        pause = error instanceof RoundOver ? 0 : WATCH_MS / 2
      }
      await this.#pause(pause)
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#closed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #look(): Promise<void> {
    const { redis, store } = this.#options
    if (redis.status !== 'ready') return
    const losses = this.#losses
    if (!this.#open) await store.showProcess(this.#process)
    const state = await store.state()
    if (state.kind === 'recovering') {
      this.#open = false
      if (this.#offered !== state.round) {
        await store.restore(state.round, 'process', await this.#options.remembered())
        await store.sayOffered(state.round, this.#process)
        this.#offered = state.round
      }
      if (await this.#tryToRecover(state)) this.#enter(state.round, losses)
      return
    }
    const missed = this.#epoch !== null && this.#epoch !== state.epoch
    if (missed && this.#offered !== state.epoch) {
      await store.restore(state.epoch, 'process', await this.#options.remembered())
    }
    this.#enter(state.epoch, losses)
  }

  /** Unless the connection went meanwhile, and perhaps the server with it. */
  #enter(epoch: string, losses: number): void {
    this.#epoch = epoch
    if (this.#losses !== losses || this.#closed) return
    this.#open = true
    for (const wake of this.#waiters) wake()
  }

  /** Whether the records are whole again, by the work of this process. */
  async #tryToRecover(state: Extract<StoreState, { kind: 'recovering' }>): Promise<boolean> {
    const { store, onError } = this.#options
    const token = randomUUID()
    if (!(await store.takeLock('lock', token, LOCK_MS))) return false
    const renewal = setInterval(() => {
      store.holdLock('lock', token, LOCK_MS).catch(onError)
    }, LOCK_RENEWAL_MS)
    try {
      const restored = await this.#restoreJournal(state)
      await this.#awaitOthers(state.serverAgeSeconds)
      if (!(await store.beginEpoch(state.round, token))) return false
      if (restored > 0) this.#options.onRecovered(restored)
      return true
    } finally {
      clearInterval(renewal)
      await store.holdLock('lock', token, 0).catch(() => undefined)
    }
  }

  async #restoreJournal({
    round,
    from,
  }: Extract<StoreState, { kind: 'recovering' }>): Promise<number> {
    const { journal, store } = this.#options
    let count = 0
    for await (const entries of journal.read(from)) {
      const lost = entries.filter((entry) => entry.sequence > from)
      await store.restore(round, 'journal', lost)
      count += lost.length
    }
    return count
  }

  async #awaitOthers(serverAgeSeconds: number): Promise<void> {
    const young = Math.max(0, LEAST_SERVER_AGE_SECONDS - serverAgeSeconds) * 1000
    const now = performance.now()
    await sleep(young)
    while (performance.now() < now + young + OFFER_MS) {
      if ((await this.#options.store.owing()).length === 0) return
      await sleep(RETRY_MS / 4)
    }
  }
}
