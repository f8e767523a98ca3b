// The ports of the embedded profile: one process, one folder; blobs in a bucket where one is named.

import { join } from 'node:path'
import { FEED_DRIVERS } from '#src/adapters/feed/index'
import { QUEUE_DRIVERS } from '#src/adapters/queue/index'
import { RECORD_DRIVERS } from '#src/adapters/records/index'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import type { PortOptions } from '#src/container'
import { SYSTEM_CLOCK } from '#src/ports/clock'
import type { Ports } from '#src/services/service-context'
import { groupPlaces } from './group-places.ts'
import { openBlobs } from './blobs.ts'

export async function openEmbeddedPorts(options: PortOptions): Promise<Ports> {
  const { config, log, closers } = options
  const database = openSqliteDatabase(join(config.dataDir, 'tersor.db'))
  closers.push(() => database.close())

  const blobs = await openBlobs(options)

  const records = await RECORD_DRIVERS.sqlite({ database })
  closers.push(() => records.close())

  const feed = await FEED_DRIVERS.memory({
    onError: (error) => log.error({ err: error }, 'a subscriber of the progress feed failed'),
  })
  closers.push(() => feed.close())

  const queue = await QUEUE_DRIVERS.embedded({ database, groupPlaces: groupPlaces(config) })
  closers.push(() => queue.close())

  return { blobs, records, feed, queue, clock: SYSTEM_CLOCK, journalLag: 'none' }
}
