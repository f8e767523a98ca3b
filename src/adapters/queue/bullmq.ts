// A queue for any number of processes, in Redis by BullMQ: groups take turns, each within its places.

import { TersorError } from '#src/domain/errors'
import type { WorkerCapabilities } from '#src/domain/worker'
import { SYSTEM_CLOCK } from '#src/ports/clock'
import type { Clock } from '#src/ports/clock'
import type { GroupPlaces, JobQueue, TaskKind } from '#src/ports/job-queue'
import { TASK_KINDS } from '#src/ports/job-queue'
import { Claimers } from './bullmq-claimers.ts'
import { connectQueue } from './bullmq-connection.ts'
import type { QueueConnection } from './bullmq-connection.ts'
import { BullmqLanes } from './bullmq-lanes.ts'
import { positionInTurns } from './turns.ts'

export interface BullmqQueueOptions {
  readonly url: string
  /** First part of every key; the same in all processes that share the queue. */
  readonly prefix: string
  readonly groupPlaces: GroupPlaces
  /** Told what goes wrong in the background; callers get their own errors. */
  readonly onError: (error: unknown) => void
  readonly clock?: Clock
  /** Claimers that hear nothing for this long get new connections. */
  readonly silentMs?: number
}

const ENQUEUE_TIMEOUT_MS = 2000
const SILENT_MS = 30_000
const CLOSE_MS = 500

export async function openBullmqQueue(options: BullmqQueueOptions): Promise<JobQueue> {
  const { url, groupPlaces, onError, clock = SYSTEM_CLOCK, silentMs = SILENT_MS } = options
  const prefix = `${options.prefix}:queue`
  const claimers = new Map<string, { readonly kind: TaskKind; readonly of: Claimers }>()
  const connect = (): Promise<QueueConnection> =>
    connectQueue({
      url,
      prefix,
      onError,
      onBell: (kind) => {
        for (const entry of claimers.values()) {
          if (kind === '' || kind === entry.kind) entry.of.ring()
        }
      },
    })
  let connection = await connect()
  const lanes = new BullmqLanes(() => connection, groupPlaces)
  let closed = false

  function claimersOf(kind: TaskKind, worker: WorkerCapabilities): Claimers {
    const key = `${kind} ${JSON.stringify(worker)}`
    const known = claimers.get(key)
    if (known !== undefined) return known.of
    const of = new Claimers({
      take: (leaseMs) => lanes.take(kind, worker, leaseMs),
      giveBack: (claim) => lanes.release(claim, 'now'),
      onError,
    })
    claimers.set(key, { kind, of })
    return of
  }

  let connectedAt = performance.now()
  async function watch(): Promise<void> {
    const quiet = Math.max(...[...claimers.values()].map(({ of }) => of.silentMs))
    const since = performance.now() - connectedAt
    if (Math.min(quiet, since) > silentMs) {
      onError(new Error('claimers hear nothing of Redis: the queue connects anew'))
      connectedAt = performance.now()
      const next = await connect()
      connection.close()
      connection = next
      if (closed) next.close()
    }
    for (const kind of TASK_KINDS) await lanes.mend(kind)
  }
  const watching = setInterval(() => {
    if (claimers.size > 0) watch().catch(onError)
  }, silentMs / 3)
  watching.unref()

  return {
    async enqueue(entry) {
      const add = async (): Promise<void> => {
        // Before Redis is asked for its time: an entry may become due late, never early.
        const delayMs = Math.max(entry.notBefore - clock.now(), 0)
        const { lane, now } = await lanes.find(entry.kind, entry.id)
        if (lane === '') await lanes.add(entry, now, delayMs)
      }
      await within(ENQUEUE_TIMEOUT_MS, add())
    },

    async claim(kind, worker, leaseMs, signal) {
      if (closed) return null
      return await claimersOf(kind, worker).claim(leaseMs, signal)
    },

    async renew(claim, leaseMs) {
      return await lanes.renew(claim, leaseMs)
    },

    async complete(claim) {
      return await lanes.complete(claim)
    },

    async release(claim, notBefore) {
      const delayMs = notBefore - clock.now()
      if (delayMs <= 0) return await lanes.release(claim, 'now')
      const { now } = await lanes.find(claim.kind, claim.id)
      return await lanes.release(claim, { now, delayMs })
    },

    async remove(kind, id) {
      const { lane } = await lanes.find(kind, id)
      if (lane !== '') await lanes.remove(kind, id, lane)
    },

    async position(kind, id) {
      const { lane } = await lanes.find(kind, id)
      const place = lane === '' ? null : await lanes.place(kind, id, lane)
      return place === null ? null : positionInTurns(place.groups, place.group, place.ahead)
    },

    async has(kind, id) {
      return (await lanes.find(kind, id)).lane !== ''
    },

    async depth(kind) {
      return await lanes.depth(kind)
    },

    async close() {
      closed = true
      clearInterval(watching)
      await Promise.all([...claimers.values()].map(({ of }) => of.close(CLOSE_MS)))
      connection.close()
    },
  }
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TersorError('unavailable', 'the queue did not answer in time'))
    }, milliseconds)
  })
  try {
    await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
