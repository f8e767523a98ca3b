// Composition root: Config → ports → services. The only file that opens adapters.

import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Logger } from 'pino'
import { BLOB_DRIVERS } from './adapters/blobs/index.ts'
import { FEED_DRIVERS } from './adapters/feed/index.ts'
import { QUEUE_DRIVERS } from './adapters/queue/index.ts'
import { RECORD_DRIVERS } from './adapters/records/index.ts'
import { openSqliteDatabase } from './adapters/sqlite/database.ts'
import { lockFolder } from './adapters/sqlite/folder-lock.ts'
import type { Config } from './config.ts'
import { SYSTEM_CLOCK } from './ports/clock.ts'
import { removeOrphans } from './services/remove-orphans.ts'
import { forgetAbandoned } from './services/idempotency.ts'
import { serviceContext } from './services/service-context.ts'
import type { Ports, ServiceContext } from './services/service-context.ts'
import { VERSION } from './version.ts'

export interface Container {
  readonly config: Config
  readonly log: Logger
  /** What every use case of src/services takes first; holds the ports. */
  readonly context: ServiceContext
  /** Closes everything in the reverse order of opening. */
  close(): Promise<void>
}

/** Deliveries to one receiver that go on at the same time. */
const PLACES_PER_RECEIVER = 4

type Closer = () => Promise<void> | void

/** Opens the embedded profile in `config.dataDir`. Throws FolderInUseError when another process has it open. */
export async function openContainer(config: Config): Promise<Container> {
  const log = pino({ level: config.logLevel })
  const closers: Closer[] = []
  try {
    const scratch = join(config.dataDir, 'scratch')
    const ports = await openPorts(config, log, closers)
    // What a process that died left there belongs to nobody: this one holds the folder's lock.
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch, { mode: 0o700 })
    const context = serviceContext(ports, {
      version: VERSION,
      scratch,
      maxModelBytes: config.maxModelBytes,
      maxDatasetBytes: config.maxDatasetBytes,
      maxJobMemoryBytes: config.maxJobMemoryBytes,
      webhookAllow: config.webhookAllow,
    })
    await removeOrphans(context)
    await forgetAbandoned(context)
    return { config, log, context, close: () => closeAll(closers) }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}

async function openPorts(config: Config, log: Logger, closers: Closer[]): Promise<Ports> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.dataDir)
  closers.push(() => lock.release())

  const database = openSqliteDatabase(join(config.dataDir, 'tersor.db'))
  closers.push(() => database.close())

  const blobs = await BLOB_DRIVERS.fs({ folder: join(config.dataDir, 'blobs') })
  closers.push(() => blobs.close())

  const records = await RECORD_DRIVERS.sqlite({ database })
  closers.push(() => records.close())

  const feed = await FEED_DRIVERS.memory({
    onError: (error) => log.error({ err: error }, 'a subscriber of the progress feed failed'),
  })
  closers.push(() => feed.close())

  const queue = await QUEUE_DRIVERS.embedded({
    database,
    groupPlaces: { compress: config.tenantJobs, 'deliver-webhook': PLACES_PER_RECEIVER },
  })
  closers.push(() => queue.close())

  return { blobs, records, feed, queue, clock: SYSTEM_CLOCK }
}

async function closeAll(closers: Closer[]): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close()
}
