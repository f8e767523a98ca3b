// Several processes' records, as far as one process can be several: each its own connection and memory, over one Redis
// that can be emptied or killed, and one journal that can fail.

import type { Redis } from 'ioredis'
import { memoryObjects } from '#src/adapters/journal/memory'
import type { JournalObjects } from '#src/adapters/journal/journal-objects'
import { objectJournal } from '#src/adapters/journal/object-journal'
import { openJournaledRecords } from '#src/adapters/records/journaled'
import type { JournaledRecords } from '#src/adapters/records/journaled'
import { closeRedisConnection, openRedisConnection } from '#src/adapters/redis/connection'
import type { RecordJournal } from '#src/ports/record-journal'
import type { RedisServer } from './servers/redis-server.ts'
import type { TcpProxy } from './tcp-proxy.ts'

export interface RecoveryBench {
  readonly server: RedisServer
  readonly journal: RecordJournal
  /** What the journal consists of; its functions can be replaced to fail. */
  readonly objects: { -readonly [K in keyof JournalObjects]: JournalObjects[K] }
  readonly prefix: string
  /** For looking and for emptying. */
  readonly redis: Redis
  open(options?: BenchRecordsOptions): Promise<BenchRecords>
  close(): Promise<void>
}

export interface BenchRecordsOptions {
  readonly gatherMs?: { readonly soon: number; readonly later: number }
  /** Default: straight to the server. */
  readonly link?: Pick<TcpProxy, 'host' | 'port'>
}

export interface BenchRecords extends JournaledRecords {
  /** As when its process is killed: nothing more is sent. */
  die(): void
}

/** On a server of its own, which stays when it is closed: what it holds is wiped out first. */
export async function openRecoveryBench(server: RedisServer): Promise<RecoveryBench> {
  const objects = { ...memoryObjects() }
  const journal = objectJournal(delegate(objects))
  const redis = openRedisConnection(server.url, 'worker', { onError: () => {} })
  await redis.flushall()
  const prefix = '{test}'
  const closers: (() => Promise<void>)[] = []
  return {
    server,
    journal,
    objects,
    prefix,
    redis,
    async open({ gatherMs = { soon: 5, later: 20 }, link = server } = {}) {
      const url = `redis://${link.host}:${link.port}`
      const connection = openRedisConnection(url, 'producer', { onError: () => {} })
      const records = await openJournaledRecords({
        redis: connection,
        prefix,
        journal,
        gatherMs,
        onError: () => {},
        onRecovered: () => {},
      })
      let open = true
      const close = async (): Promise<void> => {
        if (!open) return
        open = false
        await records.close()
        await closeRedisConnection(connection)
      }
      closers.push(close)
      return {
        ...records,
        close,
        die() {
          connection.disconnect()
        },
      }
    },
    async close() {
      await Promise.all(closers.map((close) => close()))
      redis.disconnect()
    },
  }
}

/** Looks the functions up at each call. */
function delegate(objects: JournalObjects): JournalObjects {
  return {
    put: (name, body) => objects.put(name, body),
    get: (name) => objects.get(name),
    list: (prefix) => objects.list(prefix),
    remove: (name) => objects.remove(name),
    close: () => objects.close(),
  }
}
