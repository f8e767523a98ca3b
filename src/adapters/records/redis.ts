// Records in Redis: one round trip per get, commit and count. Needs Redis 7 and `maxmemory-policy noeviction`.

import type { Redis } from 'ioredis'
import type { CollectionName, Collections } from '#src/domain/records'
import type { ListQuery, RecordStore, Versioned } from '#src/ports/record-store'
import { waitForRedis } from '../redis/connection.ts'
import { runScript } from '../redis/script.ts'
import type { RedisScript } from '../redis/script.ts'
import { filterPairs } from './indexed-values.ts'
import { journalPace } from './journal-pace.ts'
import { indexName, prepareWrite } from './prepared-write.ts'
import type { PreparedWrite } from './prepared-write.ts'
import { COMMIT, CONDITION_FAILED, COUNT, GET, LIST, NOT_WHOLE } from './redis-scripts.ts'

export interface RedisRecordsOptions {
  /** Stays open when the store is closed: whoever opened it closes it. */
  readonly redis: Redis
  /** Of all keys; with a hash tag, as in `{tersor}`. */
  readonly prefix: string
}

/** Thrown by guarded records while Redis does not hold all of them: nothing was read, nothing was written. */
export class NotWholeError extends Error {}

export interface RedisRecords extends Pick<RecordStore, 'get' | 'list' | 'count'> {
  /** As `commit`; tells the number of the commit, or `null` when a condition does not hold. */
  commitNumbered(writes: readonly PreparedWrite[]): Promise<number | null>
}

const CONNECT_MS = 5000

export async function openRedisRecords(options: RedisRecordsOptions): Promise<RecordStore> {
  await waitForRedis(options.redis, CONNECT_MS)
  const records = redisRecords(options, 'unguarded')
  return {
    get: (collection, id) => records.get(collection, id),
    list: (collection, query) => records.list(collection, query),
    count: (collection, where) => records.count(collection, where),
    commit: async (writes) => (await records.commitNumbered(writes.map(prepareWrite))) !== null,
    async close() {},
  }
}

/** `guarded`: every call fails with NotWholeError unless the epoch is there, and what is committed waits for a journal. */
export function redisRecords(
  { redis, prefix }: RedisRecordsOptions,
  guard: 'guarded' | 'unguarded',
): RedisRecords {
  const guarded = guard === 'guarded' ? 1 : 0

  async function run(script: RedisScript, args: readonly (string | number)[]): Promise<unknown> {
    const answer = await runScript(redis, script, prefix, [guarded, ...args])
    if (answer === NOT_WHOLE) throw new NotWholeError()
    return answer
  }

  return {
    async get(collection, id) {
      const row = (await run(GET, [collection, id])) as [string, string] | null
      return row === null ? null : parse(row[0], row[1])
    },

    async commitNumbered(writes) {
      if (writes.length === 0) return 0
      const sequence = (await run(COMMIT, writes.flatMap(commitArguments))) as number
      return sequence === CONDITION_FAILED ? null : sequence
    },

    async list(collection, query) {
      const { order = 'descending', greaterThan, lessThan, limit } = query
      const names = filterPairs(collection, query.where).map(indexName)
      const found: Versioned<Collections[typeof collection]>[] = []
      let lower = greaterThan === undefined ? '-' : `(${greaterThan}`
      let upper = lessThan === undefined ? '+' : `(${lessThan}`
      while (found.length < limit) {
        const direction = order === 'ascending' ? 'asc' : 'desc'
        const bounds = [direction, lower, upper, limit - found.length]
        const [last, rows] = (await run(LIST, [collection, ...bounds, ...names])) as ListAnswer
        for (let index = 0; index < rows.length; index += 2) {
          found.push(parse(rows[index]!, rows[index + 1]!))
        }
        if (last === '') break
        if (order === 'ascending') lower = `(${last}`
        else upper = `(${last}`
      }
      return found
    },

    async count<C extends CollectionName>(collection: C, where: ListQuery<C>['where']) {
      const names = filterPairs(collection, where).map(indexName)
      return (await run(COUNT, [collection, ...names])) as number
    },
  }
}

type ListAnswer = readonly [last: string, rows: readonly string[]]

function commitArguments(write: PreparedWrite): (string | number)[] {
  const { op, collection, id, expected, document, names } = write
  const journaled = journalPace(write) === 'never' ? 0 : 1
  return [op, collection, id, expected, journaled, document, names]
}

function parse<C extends CollectionName>(
  version: string,
  document: string,
): Versioned<Collections[C]> {
  return { record: JSON.parse(document) as Collections[C], version: Number(version) }
}
