// What the processes of a schedule share: stores, queue and feed behind a network that refuses, delays and forgets.

import { TersorError } from '#src/domain/errors'
import type { Collections, ProcessRecord } from '#src/domain/records'
import type { FeedMessage } from '#src/ports/progress-feed'
import type { RecordStore, Versioned } from '#src/ports/record-store'
import type { Ports } from '#src/services/service-context'
import type { Peers } from '#src/services/peers'
import { BEAT_MS, DEAD_AFTER_MS } from '#src/services/peers'
import { Judge } from './judge.ts'
import type { Actor, Scheduler } from './scheduler.ts'
import { SimulatedBlobs } from './simulated-blobs.ts'
import { SimulatedQueue } from './simulated-queue.ts'
import type { WatchedRecords } from './watched-records.ts'
import { watchRecords } from './watched-records.ts'

/** What every job's model is. */
export const MODEL_BYTES = 'model'

interface Subscriber {
  readonly actor: Actor
  readonly handler: (message: FeedMessage) => void
}

export class World {
  readonly scheduler: Scheduler
  readonly blobs: SimulatedBlobs
  readonly queue: SimulatedQueue
  readonly judge: Judge
  readonly records: WatchedRecords
  /** Share of calls that go wrong. */
  faultShare: number
  /** Share of attempts that kill their worker. */
  deadlyShare = 0
  /** Chance of another report before an attempt ends: tells how long jobs take. */
  reportShare = 0.4
  /** Chance of a checkpoint with a report. */
  checkpointShare = 0
  readonly #network: Actor
  readonly #subscribers = new Map<string, Set<Subscriber>>()
  readonly #diedAt = new Map<string, number>()
  readonly #skew = new Map<Actor, number>()

  private constructor(
    scheduler: Scheduler,
    faultShare: number,
    parts: Pick<World, 'blobs' | 'queue' | 'judge' | 'records'>,
  ) {
    this.scheduler = scheduler
    this.faultShare = faultShare
    this.blobs = parts.blobs
    this.queue = parts.queue
    this.judge = parts.judge
    this.records = parts.records
    this.#network = scheduler.actor('network')
  }

  static async open(scheduler: Scheduler, faultShare: number, fenced: boolean): Promise<World> {
    const blobs = new SimulatedBlobs([MODEL_BYTES])
    const queue = new SimulatedQueue(scheduler)
    const judge = new Judge(scheduler, blobs)
    const records = await watchRecords(judge, fenced)
    return new World(scheduler, faultShare, { blobs, queue, judge, records })
  }

  died(id: string): void {
    this.#diedAt.set(id, this.scheduler.now)
    this.judge.died(id)
  }

  jumpClock(actor: Actor): void {
    this.#skew.set(actor, (this.scheduler.random() - 0.5) * 1_200_000)
  }

  /** A call over the network: it may be refused, executed without an answer, or executed after it was given up. */
  #call<T>(actor: Actor, label: string, execute: () => Promise<T>): Promise<T> {
    const { scheduler } = this
    return new Promise((resolve, reject) => {
      scheduler.add(actor, label, () => {
        if (!scheduler.chance(this.faultShare)) {
          execute().then(resolve, reject)
          return
        }
        const kind = scheduler.pick(['is refused', 'is not answered', 'comes late'])
        scheduler.note(`   ${kind}`)
        const quietly = (): void => void execute().catch(() => undefined)
        if (kind === 'is not answered') quietly()
        if (kind === 'comes late') scheduler.add(this.#network, `late ${label}`, quietly)
        reject(new TersorError('unavailable', 'simulated'))
      })
    })
  }

  portsOf(actor: Actor): Ports {
    const { scheduler, queue, blobs, records, judge } = this
    const { store } = records
    const call = <T>(label: string, execute: () => Promise<T>): Promise<T> =>
      this.#call(actor, label, execute)
    const wrapped: RecordStore = {
      get: (collection, id) =>
        call(`get ${collection}`, () =>
          collection === 'process'
            ? Promise.resolve(this.#processRecord(id) as Versioned<Collections[typeof collection]>)
            : store.get(collection, id),
        ),
      commit: (writes) => call('commit', () => records.commit(actor, writes)),
      list: (collection, query) => call(`list ${collection}`, () => store.list(collection, query)),
      count: (collection, where) => call('count', () => store.count(collection, where)),
      close: async () => undefined,
    }
    return {
      clock: { now: () => Math.round(scheduler.now + (this.#skew.get(actor) ?? 0)) },
      records: wrapped,
      journalLag: 'none',
      blobs: {
        ...blobs.rest,
        put: (source) => call('put', () => blobs.put(source)),
        stat: (key) => call('stat', async () => blobs.stat(key)),
        download: (key) => call('download', async () => blobs.download(key)),
        delete: (key) =>
          call('delete', async () => {
            judge.checkpoints.dropped(key)
            blobs.delete(key)
          }),
      },
      queue: {
        enqueue: ({ kind, id, notBefore }) =>
          call('enqueue', async () => queue.enqueue(kind, id, notBefore)),
        claim: (kind, _worker, leaseMs, signal) =>
          new Promise((resolve) => {
            // Deliveries are judged in the records: nobody posts them.
            if (kind !== 'compress') {
              signal.addEventListener('abort', () => resolve(null))
              return
            }
            const ready = (): boolean => signal.aborted || queue.hasClaimable(kind)
            const take = (): void => resolve(signal.aborted ? null : queue.claim(kind, leaseMs))
            scheduler.add(actor, 'claim', take, ready)
          }),
        renew: (claim, leaseMs) => call('renew', async () => queue.renew(claim, leaseMs)),
        complete: (claim) => call('complete', async () => queue.complete(claim)),
        release: (claim, notBefore) => call('release', async () => queue.release(claim, notBefore)),
        remove: (kind, id) => call('remove', async () => queue.remove(kind, id)),
        has: (kind, id) => call('has', async () => queue.has(kind, id)),
        position: async () => null,
        depth: async () => ({ waiting: 0, claimed: 0 }),
        close: async () => undefined,
      },
      feed: {
        publish: (message) => this.#point(actor, 'publish').then(() => this.#publish(message)),
        subscribe: (job, handler) =>
          this.#point(actor, 'subscribe').then(() => {
            const subscriber = { actor, handler }
            const those = this.#subscribers.get(job) ?? new Set()
            this.#subscribers.set(job, those.add(subscriber))
            return () => void those.delete(subscriber)
          }),
        close: async () => undefined,
      },
    }
  }

  /** News may be lost; sending and asking for them never fails. */
  #point(actor: Actor, label: string): Promise<void> {
    return new Promise((resolve) => this.scheduler.add(actor, label, resolve))
  }

  #publish(message: FeedMessage): void {
    for (const { actor, handler } of this.#subscribers.get(message.job) ?? []) {
      if (this.scheduler.chance(this.faultShare)) continue
      this.scheduler.add(actor, `hears ${message.kind}`, () => handler(message))
    }
  }

  /** As the process would have left it: it beat until it died. */
  #processRecord(id: string): Versioned<ProcessRecord> {
    const beat = Math.floor((this.#diedAt.get(id) ?? this.scheduler.now) / BEAT_MS)
    return { record: { id, beat } as ProcessRecord, version: beat }
  }

  peersOf(id: string): Peers {
    const isSilent = (other: string): boolean => {
      const died = this.#diedAt.get(other)
      return died !== undefined && this.scheduler.now - died >= DEAD_AFTER_MS
    }
    const peers = {
      id,
      isSilent,
      isAlive: (other: string) => !isSilent(other),
      isFirstWorker: () => true,
      all: () => [],
      tell: async () => undefined,
      describeWorker: () => undefined,
    }
    return peers as unknown as Peers
  }
}
