// What the queue does in Redis: commands of BullMQ on one lane, each in one transaction with the script that keeps the index.

import { randomUUID } from 'node:crypto'
import type { RedisQueueBackend } from 'bullmq'
import type { WorkerCapabilities } from '#src/domain/worker'
import type { Claim, GroupPlaces, QueueEntry, TaskKind } from '#src/ports/job-queue'
import {
  extendLock,
  moveJobFromActiveToWait,
  moveStalledJobsToWait,
  moveToActive,
  removeJob,
} from './bullmq-arguments.ts'
import type { LaneTransaction, QueueConnection } from './bullmq-connection.ts'
import { bullmqId, bullmqPriority, entryId, laneName } from './bullmq-lane.ts'
import type { WaitingGroup } from './turns.ts'

/** Few: nothing reads BullMQ's event streams. */
const KEPT_EVENTS = 0
const TOKEN_LENGTH = randomUUID().length

export type Taken =
  | { readonly found: 'claim'; readonly claim: Claim }
  /** Something changed under way: ask again. */
  | { readonly found: 'change' }
  /** @param inMs until something may become claimable by time alone; null = never */
  | { readonly found: 'nothing'; readonly inMs: number | null }

export interface Place {
  readonly ahead: number
  readonly group: string
  /** In the order of their turns. */
  readonly groups: readonly WaitingGroup[]
}

export class BullmqLanes {
  readonly #connection: () => QueueConnection
  readonly #places: GroupPlaces

  constructor(connection: () => QueueConnection, places: GroupPlaces) {
    this.#connection = connection
    this.#places = places
  }

  /** The lane of an entry, and the time of Redis. */
  async find(kind: TaskKind, id: string): Promise<{ readonly lane: string; readonly now: number }> {
    const [now, lane] = (await this.#connection().run('find', [kind, id, bullmqId(id)])) as [
      number,
      string,
    ]
    return { lane, now }
  }

  /** @param delayMs from now, the time of Redis */
  async add(entry: QueueEntry, now: number, delayMs: number): Promise<void> {
    const connection = this.#connection()
    const { kind, id } = entry
    const name = laneName(entry)
    const lane = connection.lane(name)
    const jobId = bullmqId(id)
    const job = {
      id: jobId,
      name: kind,
      data: '{}',
      opts: { attempts: 0, delay: delayMs, priority: bullmqPriority(entry.priority) },
      progress: 0,
      attemptsMade: 0,
      attemptsStarted: 0,
      stalledCounter: 0,
      timestamp: now,
      failedReason: '',
      returnvalue: '',
    }
    const answers = await connection.transact(async ({ client, run }) => {
      client.hset(lane.keys.meta!, { 'opts.maxLenEvents': KEPT_EVENTS })
      await lane.addJobToTransaction(client, job, jobId)
      run('admit', [kind, name, id, jobId])
    })
    // Added to another lane at the same moment: one entry is enough.
    if (answers.at(-1) === 0) await this.remove(kind, id, name)
  }

  async take(kind: TaskKind, worker: WorkerCapabilities, leaseMs: number): Promise<Taken> {
    const connection = this.#connection()
    const id = randomUUID()
    const [found, ...rest] = (await connection.run('pick', [
      kind,
      `,${worker.accelerators.join(',')},`,
      worker.memory_bytes,
      worker.revision,
      this.#places[kind],
      id,
      leaseMs,
    ])) as [string, ...(string | number)[]]
    if (found === 'none') return { found: 'nothing', inMs: rest[0] === '' ? null : Number(rest[0]) }
    if (found === 'late') {
      await this.#recover(kind, Number(rest[0]), new Set(rest.slice(1).map(String)))
      return { found: 'change' }
    }
    const name = String(rest[0])
    const lane = connection.lane(name)
    const answers = await connection.transact(async ({ client, run }) => {
      lane.execCommand(client, 'moveToActive', moveToActive(lane, id, Number(rest[1]), leaseMs))
      run('confirm', [kind, name, id, leaseMs])
    })
    const jobId = answers.at(-1)
    if (typeof jobId !== 'string') return { found: 'change' }
    return { found: 'claim', claim: { kind, id: entryId(jobId), token: `${id}${name}` } }
  }

  /**
   * BullMQ puts entries back that it found active in one check and without a lock in the next: two checks at once, as
   * the leases say that it is time.
   */
  async #recover(kind: TaskKind, now: number, names: ReadonlySet<string>): Promise<void> {
    const connection = this.#connection()
    await connection.transact(async ({ client, run }) => {
      for (const name of names) {
        const lane = connection.lane(name)
        for (let check = 0; check < 2; check += 1) {
          client.del(lane.keys['stalled-check']!)
          lane.execCommand(client, 'moveStalledJobsToWait', moveStalledJobsToWait(lane, now))
        }
      }
      run('reap', [kind, ...names])
    })
  }

  async renew({ kind, id, token }: Claim, leaseMs: number): Promise<boolean> {
    const connection = this.#connection()
    const { lock, name } = parts(token)
    const lane = connection.lane(name)
    const jobId = bullmqId(id)
    const answers = await connection.transact(async ({ client, run }) => {
      lane.execCommand(client, 'extendLock', extendLock(lane, jobId, lock, leaseMs))
      run('prolong', [kind, name, jobId, lock, leaseMs])
    })
    return answers.at(-1) === 1
  }

  async complete(claim: Claim): Promise<boolean> {
    return await this.#give(claim, ({ client }, lane, jobId, lock) => {
      const job = { id: jobId, opts: { attempts: 0 } } as Parameters<
        RedisQueueBackend['moveToCompletedArgs']
      >[0]
      const args = lane.moveToCompletedArgs(job, 'null', true, lock, false)
      lane.execCommand(client, 'moveToFinished', args)
    })
  }

  /** @param later the time of Redis and how long from then; 'now' = at once */
  async release(
    claim: Claim,
    later: 'now' | { readonly now: number; readonly delayMs: number },
  ): Promise<boolean> {
    return await this.#give(claim, ({ client }, lane, jobId, lock) => {
      if (later === 'now') {
        lane.execCommand(
          client,
          'moveJobFromActiveToWait',
          moveJobFromActiveToWait(lane, jobId, lock),
        )
      } else {
        const args = lane.moveToDelayedArgs(jobId, later.now, lock, later.delayMs)
        lane.execCommand(client, 'moveToDelayed', args)
      }
    })
  }

  /** @returns whether BullMQ found the claim to be ours */
  async #give(
    { kind, id, token }: Claim,
    command: (
      transaction: LaneTransaction,
      lane: RedisQueueBackend,
      jobId: string,
      lock: string,
    ) => void,
  ): Promise<boolean> {
    const connection = this.#connection()
    const { lock, name } = parts(token)
    const jobId = bullmqId(id)
    const [answer] = await connection.transact(async (transaction) => {
      command(transaction, connection.lane(name), jobId, lock)
      transaction.run('settle', [kind, name, id, jobId, lock])
    })
    return Number(answer) >= 0
  }

  async remove(kind: TaskKind, id: string, name: string): Promise<void> {
    const connection = this.#connection()
    const lane = connection.lane(name)
    const jobId = bullmqId(id)
    await connection.transact(async ({ client, run }) => {
      lane.execCommand(client, 'removeJob', removeJob(lane, jobId))
      run('settle', [kind, name, id, jobId, ''])
    })
  }

  async place(kind: TaskKind, id: string, name: string): Promise<Place | null> {
    const answer = (await this.#connection().run('place', [kind, name, bullmqId(id)])) as
      | [number, string, ...(string | number)[]]
      | null
    if (answer === null) return null
    const [ahead, group, ...flat] = answer
    const groups: (WaitingGroup & { readonly turn: number })[] = []
    for (let index = 0; index < flat.length; index += 3) {
      const [name, turn, waiting] = flat.slice(index, index + 3)
      groups.push({ group: String(name), turn: Number(turn), waiting: Number(waiting) })
    }
    return { ahead, group, groups: groups.sort((a, b) => a.turn - b.turn) }
  }

  async depth(kind: TaskKind): Promise<{ readonly waiting: number; readonly claimed: number }> {
    const [total, claimed] = (await this.#connection().run('depth', [kind])) as [number, number]
    return { waiting: Math.max(total - claimed, 0), claimed }
  }

  async mend(kind: TaskKind): Promise<void> {
    await this.#connection().run('mend', [kind])
  }
}

function parts(token: string): { readonly lock: string; readonly name: string } {
  return { lock: token.slice(0, TOKEN_LENGTH), name: token.slice(TOKEN_LENGTH) }
}
