// The ports of the embedded profile: one process, one folder; blobs in a bucket where one is named.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { FEED_DRIVERS } from '#src/adapters/feed/index'
import { QUEUE_DRIVERS } from '#src/adapters/queue/index'
import { RECORD_DRIVERS } from '#src/adapters/records/index'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import { lockFolder } from '#src/adapters/sqlite/folder-lock'
import type { Config } from '#src/config'
import type { Closer } from '#src/container'
import { SYSTEM_CLOCK } from '#src/ports/clock'
import type { Ports } from '#src/services/service-context'
import { groupPlaces } from './group-places.ts'
import { openBlobs } from './blobs.ts'

export async function openEmbeddedPorts(
  config: Config,
  log: Logger,
  closers: Closer[],
): Promise<Ports> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.dataDir)
  closers.push(() => lock.release())

  const database = openSqliteDatabase(join(config.dataDir, 'tersor.db'))
  closers.push(() => database.close())

  const blobs = await openBlobs(config)
  closers.push(() => blobs.close())

  const records = await RECORD_DRIVERS.sqlite({ database })
  closers.push(() => records.close())

  const feed = await FEED_DRIVERS.memory({
    onError: (error) => log.error({ err: error }, 'a subscriber of the progress feed failed'),
  })
  closers.push(() => feed.close())

  const queue = await QUEUE_DRIVERS.embedded({ database, groupPlaces: groupPlaces(config) })
  closers.push(() => queue.close())

  return { blobs, records, feed, queue, clock: SYSTEM_CLOCK }
}
