// A queue of leases in SQLite for one process: claimers sleep in this process and are woken by what enqueues.

import { randomUUID } from 'node:crypto'
import { SYSTEM_CLOCK } from '#src/ports/clock'
import type { Clock } from '#src/ports/clock'
import type { Claim, JobQueue, TaskKind } from '#src/ports/job-queue'
import type { SqliteDatabase } from '../sqlite/database.ts'
import { Bell } from './bell.ts'

export interface EmbeddedQueueOptions {
  /** Stays open when the queue is closed: whoever opened it closes it. */
  readonly database: SqliteDatabase
  readonly clock?: Clock
}

/** An entry waits while `leased_until` is past; 0 = never claimed or given back. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS queue_entry (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  priority INTEGER NOT NULL,
  arrival INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  token TEXT,
  leased_until INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS queue_order ON queue_entry (priority DESC, arrival);
`

export async function openEmbeddedQueue(options: EmbeddedQueueOptions): Promise<JobQueue> {
  const { database, clock = SYSTEM_CLOCK } = options
  database.exec(SCHEMA)
  // One process: whoever held a lease is gone.
  await database.write(() =>
    database.statement('UPDATE queue_entry SET token = NULL, leased_until = 0').run(),
  )
  const bell = new Bell()
  const closing = new AbortController()

  const insert = database.statement(
    `INSERT INTO queue_entry (kind, id, priority, arrival, not_before, token, leased_until)
     VALUES (?, ?, ?, (SELECT coalesce(max(arrival), 0) + 1 FROM queue_entry), ?, NULL, 0)
     ON CONFLICT DO NOTHING`,
  )
  const take = database.statement(
    `UPDATE queue_entry SET token = ?, leased_until = ? WHERE (kind, id) = (
       SELECT kind, id FROM queue_entry
       WHERE kind IN (SELECT value FROM json_each(?)) AND not_before <= ? AND leased_until <= ?
       ORDER BY priority DESC, arrival LIMIT 1)
     RETURNING kind, id`,
  )
  const nextDue = database.statement(
    `SELECT min(max(not_before, leased_until)) AS due FROM queue_entry
     WHERE kind IN (SELECT value FROM json_each(?))`,
  )
  const extend = database.statement(
    'UPDATE queue_entry SET leased_until = ? WHERE kind = ? AND id = ? AND token = ?',
  )
  const finish = database.statement(
    'DELETE FROM queue_entry WHERE kind = ? AND id = ? AND token = ?',
  )
  const giveBack = database.statement(
    `UPDATE queue_entry SET token = NULL, leased_until = 0, not_before = ?
     WHERE kind = ? AND id = ? AND token = ?`,
  )
  const removeWaiting = database.statement(
    'DELETE FROM queue_entry WHERE kind = ? AND id = ? AND leased_until <= ?',
  )
  const ahead = database.statement(
    `SELECT (SELECT count(*) FROM queue_entry AS other
       WHERE other.kind = own.kind AND other.leased_until <= ?
       AND (other.priority > own.priority
         OR (other.priority = own.priority AND other.arrival < own.arrival))) AS position
     FROM queue_entry AS own WHERE own.kind = ? AND own.id = ? AND own.leased_until <= ?`,
  )
  const exists = database.statement('SELECT 1 AS one FROM queue_entry WHERE kind = ? AND id = ?')
  const counts = database.statement(
    `SELECT count(*) AS total, coalesce(sum(leased_until > ?), 0) AS claimed
     FROM queue_entry WHERE kind = ?`,
  )

  function takeNext(kinds: string, leaseMs: number, stop: AbortSignal): Promise<Claim | null> {
    return database.write(() => {
      if (stop.aborted) return null
      const token = randomUUID()
      const now = clock.now()
      const row = take.get(token, now + leaseMs, kinds, now, now) as
        | { readonly kind: TaskKind; readonly id: string }
        | undefined
      return row === undefined ? null : { kind: row.kind, id: row.id, token }
    })
  }

  /** Milliseconds until an entry may become claimable by time alone; null when none will. */
  function untilNextDue(kinds: string): number | null {
    const { due } = nextDue.get(kinds) as { readonly due: number | null }
    return due === null ? null : Math.max(due - clock.now(), 0)
  }

  return {
    async enqueue({ kind, id, priority, notBefore }) {
      await database.write(() => insert.run(kind, id, priority, notBefore))
      bell.ring()
    },

    async claim(kinds, leaseMs, signal) {
      const list = JSON.stringify(kinds)
      const stop = AbortSignal.any([signal, closing.signal])
      while (!stop.aborted) {
        const rung = bell.listen()
        const claim = await takeNext(list, leaseMs, stop)
        if (claim !== null) return claim
        if (!stop.aborted) await rung.wait(untilNextDue(list), stop)
      }
      return null
    },

    async renew({ kind, id, token }, leaseMs) {
      const until = clock.now() + leaseMs
      return (await database.write(() => extend.run(until, kind, id, token))) === 1
    },

    async complete({ kind, id, token }) {
      return (await database.write(() => finish.run(kind, id, token))) === 1
    },

    async release({ kind, id, token }, notBefore) {
      const changed = await database.write(() => giveBack.run(notBefore, kind, id, token))
      bell.ring()
      return changed === 1
    },

    async remove(kind, id) {
      await database.write(() => removeWaiting.run(kind, id, clock.now()))
    },

    async position(kind, id) {
      const now = clock.now()
      const row = ahead.get(now, kind, id, now) as { readonly position: number } | undefined
      return row?.position ?? null
    },

    async has(kind, id) {
      return exists.get(kind, id) !== undefined
    },

    async depth(kind) {
      const { total, claimed } = counts.get(clock.now(), kind) as {
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
