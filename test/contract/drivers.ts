// Every driver of every port. A driver added here runs its port's whole suite; none is skipped.

import { join } from 'node:path'
import { BLOB_DRIVERS } from '#src/adapters/blobs/index'
import { FEED_DRIVERS } from '#src/adapters/feed/index'
import { JOURNAL_DRIVERS } from '#src/adapters/journal/index'
import { QUEUE_DRIVERS } from '#src/adapters/queue/index'
import { RECORD_DRIVERS } from '#src/adapters/records/index'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import type { SqliteDatabase } from '#src/adapters/sqlite/database'
import type { BlobStore } from '#src/ports/blob-store'
import type { JobQueue } from '#src/ports/job-queue'
import type { ProgressFeed } from '#src/ports/progress-feed'
import type { RecordJournal } from '#src/ports/record-journal'
import type { RecordStore } from '#src/ports/record-store'
import { openTestJournaledRecords, openTestS3Journal } from '#test/support/test-journals'
import { openTestS3Blobs } from '#test/support/test-s3-blobs'
import { onRedis, testPrefix, testRedisUrl } from '#test/support/test-redis'

export interface Driver<P> {
  readonly name: string
  /** Whether opening the same folder again gives what was there. */
  readonly persistent: boolean
  /** A store of its own per folder. */
  open(folder: string): Promise<P>
}

/** Opens a port on a database of its own, which closes with the port. */
async function onDatabase<P extends { close(): Promise<void> }>(
  path: string,
  open: (database: SqliteDatabase) => Promise<P>,
): Promise<P> {
  const database = openSqliteDatabase(path)
  const port = await open(database)
  return {
    ...port,
    async close() {
      await port.close()
      await database.close()
    },
  }
}

export const blobDrivers: readonly Driver<BlobStore>[] = [
  { name: 'memory', persistent: false, open: () => BLOB_DRIVERS.memory() },
  {
    name: 'fs',
    persistent: true,
    open: (folder) => BLOB_DRIVERS.fs({ folder: join(folder, 'blobs') }),
  },
  { name: 's3', persistent: true, open: (folder) => openTestS3Blobs(folder) },
]

export const recordDrivers: readonly Driver<RecordStore>[] = [
  { name: 'memory', persistent: false, open: () => RECORD_DRIVERS.memory() },
  {
    name: 'sqlite',
    persistent: true,
    open: (folder) =>
      onDatabase(join(folder, 'tersor.db'), (database) => RECORD_DRIVERS.sqlite({ database })),
  },
  {
    name: 'redis',
    persistent: true,
    open: (folder) =>
      onRedis(['producer'], (redis) => RECORD_DRIVERS.redis({ redis, prefix: testPrefix(folder) })),
  },
  {
    name: 'journaled',
    persistent: true,
    open: (folder) => openTestJournaledRecords(folder),
  },
]

export const journalDrivers: readonly Driver<RecordJournal>[] = [
  { name: 'memory', persistent: false, open: () => JOURNAL_DRIVERS.memory() },
  {
    name: 'fs',
    persistent: true,
    open: (folder) => JOURNAL_DRIVERS.fs({ folder: join(folder, 'journal') }),
  },
  { name: 's3', persistent: true, open: (folder) => openTestS3Journal(folder) },
]

/** Small, so that the suite meets the limit. */
export const GROUP_PLACES = { compress: 40, 'deliver-webhook': 2 }

export interface QueueDriver extends Driver<JobQueue> {
  /** What becomes of leases when the process that holds them is gone. */
  readonly leases: 'are free at once' | 'run out'
  /** Longest that an empty-handed claimer may take to know it. */
  readonly emptyMs: number
}

export const queueDrivers: readonly QueueDriver[] = [
  {
    name: 'embedded',
    persistent: true,
    leases: 'are free at once',
    emptyMs: 40,
    open: (folder) =>
      onDatabase(join(folder, 'tersor.db'), (database) =>
        QUEUE_DRIVERS.embedded({ database, groupPlaces: GROUP_PLACES }),
      ),
  },
  {
    name: 'embedded in memory',
    persistent: false,
    leases: 'are free at once',
    emptyMs: 40,
    open: () =>
      onDatabase(':memory:', (database) =>
        QUEUE_DRIVERS.embedded({ database, groupPlaces: GROUP_PLACES }),
      ),
  },
  {
    name: 'bullmq',
    persistent: true,
    leases: 'run out',
    emptyMs: 150,
    open: (folder) =>
      QUEUE_DRIVERS.bullmq({
        url: testRedisUrl(),
        prefix: testPrefix(folder),
        groupPlaces: GROUP_PLACES,
        onError: () => {},
      }),
  },
]

export const feedDrivers: readonly Driver<ProgressFeed>[] = [
  { name: 'memory', persistent: false, open: () => FEED_DRIVERS.memory({ onError: () => {} }) },
  {
    name: 'redis',
    persistent: false,
    open: (folder) =>
      onRedis(['producer', 'subscriber'], (publisher, subscriber) =>
        FEED_DRIVERS.redis({
          publisher,
          subscriber,
          prefix: testPrefix(folder),
          onError: () => {},
        }),
      ),
  },
]

/** Whether the drivers of every table of src/adapters are listed above. */
export const DRIVER_TABLES = [
  { port: 'blobs', table: Object.keys(BLOB_DRIVERS), tested: blobDrivers },
  { port: 'journal', table: Object.keys(JOURNAL_DRIVERS), tested: journalDrivers },
  { port: 'records', table: Object.keys(RECORD_DRIVERS), tested: recordDrivers },
  { port: 'queue', table: Object.keys(QUEUE_DRIVERS), tested: queueDrivers },
  { port: 'feed', table: Object.keys(FEED_DRIVERS), tested: feedDrivers },
]
