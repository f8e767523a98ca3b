// Every driver of every port. A driver added here runs its port's whole suite; none is skipped.

import { join } from 'node:path'
import { BLOB_DRIVERS } from '#src/adapters/blobs/index'
import { FEED_DRIVERS } from '#src/adapters/feed/index'
import { QUEUE_DRIVERS } from '#src/adapters/queue/index'
import { RECORD_DRIVERS } from '#src/adapters/records/index'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import type { SqliteDatabase } from '#src/adapters/sqlite/database'
import type { BlobStore } from '#src/ports/blob-store'
import type { JobQueue } from '#src/ports/job-queue'
import type { ProgressFeed } from '#src/ports/progress-feed'
import type { RecordStore } from '#src/ports/record-store'

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
]

export const recordDrivers: readonly Driver<RecordStore>[] = [
  { name: 'memory', persistent: false, open: () => RECORD_DRIVERS.memory() },
  {
    name: 'sqlite',
    persistent: true,
    open: (folder) =>
      onDatabase(join(folder, 'tersor.db'), (database) => RECORD_DRIVERS.sqlite({ database })),
  },
]

/** Small, so that the suite meets the limit. */
export const GROUP_PLACES = { compress: 40, 'deliver-webhook': 2 }

export const queueDrivers: readonly Driver<JobQueue>[] = [
  {
    name: 'embedded',
    persistent: true,
    open: (folder) =>
      onDatabase(join(folder, 'tersor.db'), (database) =>
        QUEUE_DRIVERS.embedded({ database, groupPlaces: GROUP_PLACES }),
      ),
  },
  {
    name: 'embedded in memory',
    persistent: false,
    open: () =>
      onDatabase(':memory:', (database) =>
        QUEUE_DRIVERS.embedded({ database, groupPlaces: GROUP_PLACES }),
      ),
  },
]

export const feedDrivers: readonly Driver<ProgressFeed>[] = [
  { name: 'memory', persistent: false, open: () => FEED_DRIVERS.memory({ onError: () => {} }) },
]

/** Whether the drivers of every table of src/adapters are listed above. */
export const DRIVER_TABLES = [
  { port: 'blobs', table: Object.keys(BLOB_DRIVERS), tested: blobDrivers },
  { port: 'records', table: Object.keys(RECORD_DRIVERS), tested: recordDrivers },
  { port: 'queue', table: Object.keys(QUEUE_DRIVERS), tested: queueDrivers },
  { port: 'feed', table: Object.keys(FEED_DRIVERS), tested: feedDrivers },
]
