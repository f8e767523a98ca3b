// Composition root: Config → ports → services. With src/open-ports/, the only place that opens adapters.

import { join } from 'node:path'
import { pino } from 'pino'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { newId } from './domain/id.ts'
import { openEmbeddedPorts } from './open-ports/embedded.ts'
import { openScratch } from './open-ports/scratch.ts'
import { openSharedPorts } from './open-ports/shared.ts'
import { removeOrphans } from './services/remove-orphans.ts'
import { forgetAbandoned } from './services/idempotency.ts'
import { Peers } from './services/peers.ts'
import { serviceContext } from './services/service-context.ts'
import type { ServiceContext } from './services/service-context.ts'
import { VERSION } from './version.ts'

export interface Container {
  readonly config: Config
  readonly log: Logger
  /** What every use case of src/services takes first; holds the ports. */
  readonly context: ServiceContext
  /** Closes everything in the reverse order of opening. */
  close(): Promise<void>
}

export type Closer = () => Promise<void> | void

export interface PortOptions {
  readonly config: Config
  readonly log: Logger
  /** What was opened adds how it is closed. */
  readonly closers: Closer[]
  /** For bytes on their way into a store elsewhere. */
  readonly spoolFolder: string
}

/**
 * Opens the stores that `config` names. Throws FolderInUseError when another process has the data folder open and
 * there is no Redis to share it through.
 */
export async function openContainer(
  config: Config,
  role: 'api' | 'worker' = 'worker',
): Promise<Container> {
  const log = pino({ level: config.logLevel })
  const closers: Closer[] = []
  try {
    const id = newId(role)
    const scratch = await openScratch(config, id, log, closers)
    const open = config.sharing === 'alone' ? openEmbeddedPorts : openSharedPorts
    const ports = await open({ config, log, closers, spoolFolder: join(scratch, 'spool') })
    const peers = new Peers({
      id,
      records: ports.records,
      clock: ports.clock,
      version: VERSION,
      sharing: config.sharing,
      onError: (error) => log.warn({ err: error }, 'this process could not say that it lives'),
    })
    const options = {
      version: VERSION,
      scratch,
      sharing: config.sharing,
      maxModelBytes: config.maxModelBytes,
      maxDatasetBytes: config.maxDatasetBytes,
      uploadMs: config.uploadSeconds * 1000,
      maxPendingUploads: config.maxPendingUploads,
      maxPendingUploadBytes: config.maxPendingUploadBytes,
      maxJobMemoryBytes: config.maxJobMemoryBytes,
      maxJobSeconds: config.maxJobSeconds,
      webhookAllow: config.webhookAllow,
    }
    const context = serviceContext(ports, options, peers)
    await peers.join()
    closers.push(() => peers.leave())
    if (config.sharing === 'alone') {
      await removeOrphans(context)
      await forgetAbandoned(context)
    }
    return { config, log, context, close: () => closeAll(closers) }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}

async function closeAll(closers: Closer[]): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close()
}
