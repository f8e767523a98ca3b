// A queue of leases in SQLite for one process: claimers sleep in this process and are woken by what enqueues. What a loss
// of power takes from it is queued again from the records.

import { randomUUID } from 'node:crypto'
import type { WorkerCapabilities } from '#src/domain/worker'
import { SYSTEM_CLOCK } from '#src/ports/clock'
import type { Clock } from '#src/ports/clock'
import type { Claim, GroupPlaces, JobQueue, TaskKind } from '#src/ports/job-queue'
import type { SqliteDatabase } from '../sqlite/database.ts'
import { Bell } from './bell.ts'
import { derivedSignals } from './derived-signals.ts'
import { prepareQueue } from './embedded-sql.ts'
import { positionInTurns } from './turns.ts'
import type { WaitingGroup } from './turns.ts'

export interface EmbeddedQueueOptions {
  /** Stays open when the queue is closed: whoever opened it closes it. */
  readonly database: SqliteDatabase
  readonly groupPlaces: GroupPlaces
  readonly clock?: Clock
}

export async function openEmbeddedQueue(options: EmbeddedQueueOptions): Promise<JobQueue> {
  const { database, groupPlaces, clock = SYSTEM_CLOCK } = options
  const sql = prepareQueue(database)
  // One process: whoever held a lease is gone.
  await database.writeUnflushed(() => sql.freeAll.run())
  const bell = new Bell()
  const closing = new AbortController()
  const stopOf = derivedSignals(closing.signal)

  function takeNext(
    kind: TaskKind,
    worker: WorkerCapabilities,
    leaseMs: number,
    stop: AbortSignal,
  ): Promise<Claim | null> {
    return database.writeUnflushed(() => {
      if (stop.aborted) return null
      const now = clock.now()
      const accelerators = JSON.stringify(worker.accelerators)
      for (const { grp } of sql.groups.all(kind) as readonly { readonly grp: string }[]) {
        const taken = sql.claimedOfGroup.get(kind, grp, now) as { readonly claimed: number }
        if (taken.claimed >= groupPlaces[kind]) continue
        const { memory_bytes, revision } = worker
        const first = sql.firstOfGroup.get(
          kind,
          grp,
          now,
          now,
          accelerators,
          memory_bytes,
          revision,
        ) as { readonly id: string } | undefined
        if (first === undefined) continue
        const token = randomUUID()
        sql.lease.run(token, now + leaseMs, kind, first.id)
        sql.serve.run(kind, grp)
        return { kind, id: first.id, token }
      }
      return null
    })
  }

  /** Milliseconds until an entry may become claimable by time alone; null when none will. */
  function untilNextDue(kind: TaskKind): number | null {
    const { due } = sql.nextDue.get(kind, clock.now()) as { readonly due: number | null }
    return due === null ? null : Math.max(due - clock.now(), 0)
  }

  /** @param taken what a DELETE … RETURNING grp gave */
  function leaveGroup(kind: TaskKind, taken: unknown): boolean {
    const row = taken as { readonly grp: string } | undefined
    if (row === undefined) return false
    sql.dropEmptyGroup.run(kind, row.grp)
    return true
  }

  return {
    async enqueue({ kind, id, group, needs, priority, notBefore }) {
      const { accelerator, memory_bytes, revision } = needs
      await database.writeUnflushed(() => {
        sql.insert.run(kind, id, group, accelerator, memory_bytes, revision, priority, notBefore)
        sql.insertGroup.run(kind, group)
      })
      bell.ring()
    },

    async claim(kind, worker, leaseMs, signal) {
      const stop = stopOf(signal)
      while (!stop.aborted) {
        const rung = bell.listen()
        const claim = await takeNext(kind, worker, leaseMs, stop)
        if (claim !== null) return claim
        if (!stop.aborted) await rung.wait(untilNextDue(kind), stop)
      }
      return null
    },

    async renew({ kind, id, token }, leaseMs) {
      const until = clock.now() + leaseMs
      return (await database.writeUnflushed(() => sql.extend.run(until, kind, id, token))) === 1
    },

    async complete({ kind, id, token }) {
      const done = await database.writeUnflushed(() =>
        leaveGroup(kind, sql.finish.get(kind, id, token)),
      )
      // A place of its group is free.
      bell.ring()
      return done
    },

    async release({ kind, id, token }, notBefore) {
      const changed = await database.writeUnflushed(() =>
        sql.giveBack.run(notBefore, kind, id, token),
      )
      bell.ring()
      return changed === 1
    },

    async remove(kind, id) {
      await database.writeUnflushed(() =>
        leaveGroup(kind, sql.removeWaiting.get(kind, id, clock.now())),
      )
    },

    async position(kind, id) {
      const now = clock.now()
      const row = sql.ahead.get(now, kind, id, now) as
        | { readonly grp: string; readonly ahead: number }
        | undefined
      if (row === undefined) return null
      const groups = sql.waitingByGroup.all(now, kind) as readonly {
        readonly grp: string
        readonly waiting: number
      }[]
      const waiting: readonly WaitingGroup[] = groups.map((group) => ({
        group: group.grp,
        waiting: group.waiting,
      }))
      return positionInTurns(waiting, row.grp, row.ahead)
    },

    async has(kind, id) {
      return sql.exists.get(kind, id) !== undefined
    },

    async depth(kind) {
      const { total, claimed } = sql.counts.get(clock.now(), kind) as {
        readonly total: number
        readonly claimed: number
      }
      return { waiting: total - claimed, claimed }
    },

    async close() {
      closing.abort()
    },
  }
}
