// What tasks work with: the services' context, children, a logger.

import type { Logger } from 'pino'
import type { WorkerCapabilities } from '#src/domain/worker'
import type { ServiceContext } from '#src/services/service-context'
import type { ChildPool } from './sandbox/pool.ts'

export interface WorkerContext {
  readonly service: ServiceContext
  readonly children: ChildPool
  readonly log: Logger
  readonly capabilities: WorkerCapabilities
  /** Longest a job may run, whatever it asks for. */
  readonly maxJobSeconds: number
}
