// What a recovery asks of Redis, one call each; recovery-scripts.ts says what the keys mean.

import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { CollectionName } from '#src/domain/records'
import type { JournalEntry } from '#src/ports/record-journal'
import { redisError } from '../redis/redis-error.ts'
import { runScript } from '../redis/script.ts'
import { journalPace } from './journal-pace.ts'
import { namesOfDocument } from './prepared-write.ts'
import { keyOf } from './recent-entries.ts'
import {
  BEGIN_EPOCH,
  DUMP,
  DUMP_GONE,
  HOLD_LOCK,
  JOURNALED,
  OFFERED,
  OTHER_ROUND,
  RESTORE,
  STATE,
  TAKE_LOCK,
  UNJOURNALED,
} from './recovery-scripts.ts'

export type StoreState =
  | { readonly kind: 'whole'; readonly epoch: string }
  | {
      readonly kind: 'recovering'
      readonly round: string
      /** Number of the last commit that Redis still had when this round began. */
      readonly from: number
      readonly serverAgeSeconds: number
    }

/** The round this was part of is over. */
export class RoundOver extends Error {}

/** Bytes and records per call, so that no call holds Redis up for long. */
const CHUNK = { bytes: 2 ** 19, records: 100 }
const CHUNKS_AT_ONCE = 4
/** A busy Redis may take its time for a chunk; it is no harm to restore one twice. */
const TRIES = 5

export class RedisRecovery {
  readonly #redis: Redis
  readonly #prefix: string

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#prefix = prefix
  }

  async state(): Promise<StoreState> {
    const answer = (await runScript(this.#redis, STATE, this.#prefix, [randomUUID()])) as string[]
    const [epoch, round, from, age] = answer
    if (epoch !== '') return { kind: 'whole', epoch: epoch! }
    const serverAgeSeconds = Number(age)
    return { kind: 'recovering', round: round!, from: Number(from), serverAgeSeconds }
  }

  /** The newer state of each record wins. Throws RoundOver. */
  async restore(
    round: string,
    source: 'journal' | 'process',
    entries: readonly JournalEntry[],
  ): Promise<void> {
    const restoreOne = async (chunk: readonly JournalEntry[]): Promise<void> => {
      const args = [round, source, ...chunk.flatMap(restoreArguments)]
      const answer = await this.#patiently(() =>
        runScript(this.#redis, RESTORE, this.#prefix, args),
      )
      if (answer === OTHER_ROUND) throw new RoundOver()
    }
    // While Redis works on some, the next are made ready.
    let sent: Promise<void>[] = []
    for (const chunk of chunksOf(entries)) {
      sent.push(restoreOne(chunk))
      if (sent.length < CHUNKS_AT_ONCE) continue
      await Promise.all(sent)
      sent = []
    }
    await Promise.all(sent)
  }

  async sayOffered(round: string, process: string): Promise<void> {
    const answer = await runScript(this.#redis, OFFERED, this.#prefix, [round, process])
    if (answer === OTHER_ROUND) throw new RoundOver()
  }

  /** Names this connection, so that others see that this process lives. */
  async showProcess(process: string): Promise<void> {
    await this.#call('CLIENT', 'SETNAME', `${this.#prefix}:records:${process}`)
  }

  async hideProcess(): Promise<void> {
    await this.#call('CLIENT', 'SETNAME', '')
  }

  /** Processes that are connected now, and have not said that they offered what they remember. */
  async owing(): Promise<readonly string[]> {
    const start = `name=${this.#prefix}:records:`
    const clients = (await this.#call('CLIENT', 'LIST')) as string
    const names = clients
      .split(/\s/)
      .filter((word) => word.startsWith(start))
      .map((word) => word.slice(start.length))
    const offered = (await this.#call('SMEMBERS', `${this.#prefix}:offered`)) as string[]
    return names.filter((name) => !offered.includes(name))
  }

  async takeLock(name: string, token: string, milliseconds: number): Promise<boolean> {
    const args = [name, token, milliseconds]
    return (await runScript(this.#redis, TAKE_LOCK, this.#prefix, args)) === 1
  }

  /** False when it is no longer ours. 0 ms gives it back. */
  async holdLock(name: string, token: string, milliseconds: number): Promise<boolean> {
    const args = [name, token, milliseconds]
    return (await runScript(this.#redis, HOLD_LOCK, this.#prefix, args)) === 1
  }

  /** Whether Redis counts as whole from now on. */
  async beginEpoch(round: string, token: string): Promise<boolean> {
    return (await runScript(this.#redis, BEGIN_EPOCH, this.#prefix, [round, token])) === 1
  }

  async lastSequence(): Promise<number> {
    return Number((await this.#call('GET', `${this.#prefix}:seq`)) ?? 0)
  }

  async sayJournaled(entries: readonly JournalEntry[]): Promise<void> {
    for (const chunk of chunksOf(entries)) {
      const args = chunk.flatMap((entry) => [keyOf(entry), entry.sequence])
      await runScript(this.#redis, JOURNALED, this.#prefix, args)
    }
  }

  /** The state of records that were committed up to this number and are not in the journal, in pages. */
  async *unjournaled(upTo: number, limit: number): AsyncGenerator<readonly JournalEntry[]> {
    let from = '0'
    while (from !== '') {
      const args = [from, upTo, limit]
      const answer = await runScript(this.#redis, UNJOURNALED, this.#prefix, args)
      const [next, rows] = answer as [string, Row[]]
      if (rows.length > 0) yield rows.map(entryOfRow)
      from = next
    }
  }

  /** Live records in order of id. Throws RoundOver unless this is the epoch. */
  async page(
    epoch: string,
    collection: CollectionName,
    after: string,
    limit: number,
  ): Promise<readonly JournalEntry[]> {
    const rows = await runScript(this.#redis, DUMP, this.#prefix, [epoch, collection, after, limit])
    if (rows === OTHER_ROUND) throw new RoundOver()
    return (rows as Row[]).map(entryOfRow)
  }

  /** The newest deletions; older ones are forgotten. Throws RoundOver unless this is the epoch. */
  async gone(epoch: string): Promise<readonly JournalEntry[]> {
    const found = await runScript(this.#redis, DUMP_GONE, this.#prefix, [epoch])
    if (found === OTHER_ROUND) throw new RoundOver()
    const pairs = found as string[]
    return pairs.flatMap((member, index) =>
      index % 2 === 0 ? [entryOfRow([member, pairs[index + 1]!, '0', ''])] : [],
    )
  }

  async #patiently<T>(act: () => Promise<T>): Promise<T> {
    for (let left = TRIES - 1; ; left -= 1) {
      try {
        return await act()
      } catch (error) {
        if (left === 0 || this.#redis.status !== 'ready') throw error
      }
    }
  }

  async #call(command: string, ...args: string[]): Promise<unknown> {
    try {
      return await this.#redis.call(command, ...args)
    } catch (error) {
      throw redisError(error)
    }
  }
}

type Row = readonly [member: string, sequence: string, version: string, document: string]

function entryOfRow([member, sequence, version, document]: Row): JournalEntry {
  const colon = member.indexOf(':')
  return {
    sequence: Number(sequence),
    collection: member.slice(0, colon) as CollectionName,
    id: member.slice(colon + 1),
    version: Number(version),
    document,
  }
}

function restoreArguments(entry: JournalEntry): (string | number)[] {
  const { sequence, collection, id, version, document } = entry
  const journaled = journalPace(entry) === 'never' ? 0 : 1
  return [sequence, collection, id, version, journaled, document, namesOfDocument(entry)]
}

function* chunksOf(entries: readonly JournalEntry[]): Generator<readonly JournalEntry[]> {
  let chunk: JournalEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    chunk.push(entry)
    bytes += entry.document.length
    if (chunk.length < CHUNK.records && bytes < CHUNK.bytes) continue
    yield chunk
    chunk = []
    bytes = 0
  }
  if (chunk.length > 0) yield chunk
}
