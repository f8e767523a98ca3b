// The processes that share the records: each says now and then that it lives, and watches whether the others do.

import { hostname } from 'node:os'
import type { ProcessRecord, WorkerStatus } from '#src/domain/records'
import type { Clock } from '#src/ports/clock'
import { timestamp } from '#src/ports/clock'
import type { RecordStore } from '#src/ports/record-store'

export interface PeersOptions {
  readonly records: RecordStore
  readonly clock: Clock
  /** Of this process: `api_…` or `worker_…`. */
  readonly id: string
  readonly version: string
  /** `alone`: nothing is written; this process is the only one. */
  readonly sharing: 'alone' | 'shared'
  readonly onError: (error: unknown) => void
}

export const BEAT_MS = 2000
/** A process that was silent for this long is dead: its leases have run out by then. */
export const DEAD_AFTER_MS = 12_000
/** Longest silence that two looks in a row tell of. Between looks further apart it was the observer that saw nothing. */
const LONGEST_LOOK_MS = 2 * BEAT_MS
/** Records of the dead are kept a while, for `/v1/workers` to show. */
const FORGOTTEN_AFTER_MS = 10 * 60_000
const MOST = 10_000

interface Sighting {
  readonly record: ProcessRecord
  /** Since this process first saw this beat, by its own monotonic clock: those of other machines may be wrong. */
  readonly silentMs: number
}

export type Liveness = 'alive' | 'lost'

export class Peers {
  readonly id: string
  readonly #options: PeersOptions
  readonly #startedAt: string
  readonly #seen = new Map<string, Sighting>()
  #worker: () => WorkerStatus | 'none' = () => 'none'
  #beat = 0
  #lookedAt = 0
  #timer: NodeJS.Timeout | null = null
  #current: Promise<void> = Promise.resolve()

  constructor(options: PeersOptions) {
    this.#options = options
    this.id = options.id
    this.#startedAt = timestamp(options.clock)
  }

  /** What this process says of the worker in it, from now on. */
  describeWorker(status: () => WorkerStatus): void {
    this.#worker = status
    void this.tell()
  }

  /** Says for the first time that this process lives, and looks who else does. */
  async join(): Promise<void> {
    if (this.#options.sharing === 'alone') return
    await this.#round()
    this.#timer = setInterval(() => {
      this.#current = this.#current.then(() => this.#round().catch(this.#options.onError))
    }, BEAT_MS)
  }

  async leave(): Promise<void> {
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
    await this.#current
    await this.#options.records
      .commit([{ op: 'delete', collection: 'process', id: this.id }])
      .catch(this.#options.onError)
  }

  /** Says at once what changed, for instance that this worker drains. */
  async tell(): Promise<void> {
    if (this.#timer === null) return
    this.#current = this.#current.then(() => this.#round().catch(this.#options.onError))
    await this.#current
  }

  /** Sees at once who is there now. */
  async look(): Promise<void> {
    if (this.#options.sharing === 'alone') return
    const listed = await this.#options.records.list('process', { limit: MOST })
    this.#notice(listed.map(({ record }) => record))
  }

  isAlive(id: string): boolean {
    if (id === this.id) return true
    const sighting = this.#seen.get(id)
    return sighting !== undefined && sighting.silentMs < DEAD_AFTER_MS
  }

  /** Whether it is known to be dead although its record is there. One that was never seen may have begun just now. */
  isSilent(id: string): boolean {
    return id !== this.id && (this.#seen.get(id)?.silentMs ?? 0) >= DEAD_AFTER_MS
  }

  /** Whether this worker does what one of all must do: the living one with the least id does. */
  isFirstWorker(): boolean {
    return [...this.#seen.values()].every(
      ({ record }) => record.worker === 'none' || record.id >= this.id || !this.isAlive(record.id),
    )
  }

  /** Every process seen of late, this one included. */
  all(): readonly { readonly record: ProcessRecord; readonly liveness: Liveness }[] {
    const others = [...this.#seen.values()].filter(({ record }) => record.id !== this.id)
    return [
      { record: this.#describe(), liveness: 'alive' as const },
      ...others.map(({ record }) => ({
        record,
        liveness: this.isAlive(record.id) ? ('alive' as const) : ('lost' as const),
      })),
    ]
  }

  #describe(): ProcessRecord {
    return {
      id: this.id,
      tenant: 'none',
      host: hostname(),
      version: this.#options.version,
      started_at: this.#startedAt,
      seen_at: timestamp(this.#options.clock),
      beat: this.#beat,
      worker: this.#worker(),
    }
  }

  async #round(): Promise<void> {
    const { records } = this.#options
    this.#beat += 1
    const record = this.#describe()
    const found = await records.get('process', this.id)
    await records.commit([
      found === null
        ? { op: 'insert', collection: 'process', record }
        : { op: 'update', collection: 'process', record, version: found.version },
    ])
    await this.look()
    const forgotten = [...this.#seen.values()].filter(
      ({ silentMs }) => silentMs > FORGOTTEN_AFTER_MS,
    )
    for (const sighting of forgotten) {
      await records.commit([{ op: 'delete', collection: 'process', id: sighting.record.id }])
      this.#seen.delete(sighting.record.id)
    }
  }

  #notice(listed: readonly ProcessRecord[]): void {
    const now = performance.now()
    const passed = Math.min(now - this.#lookedAt, LONGEST_LOOK_MS)
    this.#lookedAt = now
    for (const record of listed) {
      const known = this.#seen.get(record.id)
      const silentMs = known?.record.beat === record.beat ? known.silentMs + passed : 0
      this.#seen.set(record.id, { record, silentMs })
    }
    // Who left said so by taking its record away.
    const present = new Set(listed.map(({ id }) => id))
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id)
  }
}
