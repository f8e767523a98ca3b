// What tasks work with: the services' context, children, a logger.

import type { Logger } from 'pino'
import type { WorkerCapabilities } from '#src/domain/worker'
import type { ServiceContext } from '#src/services/service-context'
import type { ChildFiles } from './child-files.ts'
import { CHILD_FILES } from './child-files.ts'
import { patientService } from './patience.ts'
import type { Patience } from './patience.ts'
import type { ChildPool } from './sandbox/pool.ts'

export interface WorkerContext {
  readonly service: ServiceContext
  /** For what cannot be asked of `service` as it is: streams. */
  readonly patience: Patience
  readonly children: ChildPool
  readonly files: ChildFiles
  readonly log: Logger
  readonly capabilities: WorkerCapabilities
  /** Longest a job may run, whatever it asks for. */
  readonly maxJobSeconds: number
  /** Between two checkpoints of a training; 0: none are written. */
  readonly checkpointSeconds: number
}

/** A store may be away this long before a job fails for it. */
const STORE_AWAY_MS = 15 * 60_000

export interface WorkerParts {
  readonly service: ServiceContext
  readonly children: ChildPool
  readonly files?: ChildFiles
  readonly log: Logger
  readonly capabilities: WorkerCapabilities
  readonly maxJobSeconds: number
  readonly checkpointSeconds: number
  /** Aborts when the process must end. */
  readonly giveUp: AbortSignal
}

export function workerContext({
  service,
  giveUp,
  files = CHILD_FILES,
  ...rest
}: WorkerParts): WorkerContext {
  const patience: Patience = {
    longestMs: STORE_AWAY_MS,
    giveUp,
    onWait: (error) => rest.log.warn({ err: error }, 'a store does not answer; the worker waits'),
  }
  return { ...rest, files, patience, service: patientService(service, patience) }
}
