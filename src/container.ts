// Composition root: Config → ports → services. With src/open-ports/, the only place that opens adapters.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Logger } from 'pino'
import { openProcessScratch } from './open-ports/process-scratch.ts'
import type { Config } from './config.ts'
import { openEmbeddedPorts } from './open-ports/embedded.ts'
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
    const open = config.sharing === 'alone' ? openEmbeddedPorts : openSharedPorts
    const ports = await open(config, log, closers)
    const peers = new Peers({
      records: ports.records,
      clock: ports.clock,
      role,
      version: VERSION,
      sharing: config.sharing,
      onError: (error) => log.warn({ err: error }, 'this process could not say that it lives'),
    })
    const scratchRoot = join(config.dataDir, 'scratch')
    // What is left there belongs to nobody: a lone process holds the lock of the whole folder.
    if (config.sharing === 'alone') await rm(scratchRoot, { recursive: true, force: true })
    const scratch = await openProcessScratch(scratchRoot, peers.id, (error) =>
      log.warn({ err: error }, 'scratch files of dead processes could not be removed'),
    )
    closers.push(() => scratch.close())
    const options = {
      version: VERSION,
      scratch: scratch.folder,
      sharing: config.sharing,
      maxModelBytes: config.maxModelBytes,
      maxDatasetBytes: config.maxDatasetBytes,
      uploadMs: config.uploadSeconds * 1000,
      maxPendingUploads: config.maxPendingUploads,
      maxJobMemoryBytes: config.maxJobMemoryBytes,
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
