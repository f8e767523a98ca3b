// What every use case works with: the ports, the clock and a few limits.

import type { BlobStore } from '#src/ports/blob-store'
import type { Clock } from '#src/ports/clock'
import type { JobQueue } from '#src/ports/job-queue'
import type { ProgressFeed } from '#src/ports/progress-feed'
import type { JournalLag } from '#src/ports/record-journal'
import type { RecordStore } from '#src/ports/record-store'
import { BlobPins } from './blob-pins.ts'
import type { Peers } from './peers.ts'
import { EnabledEndpoints } from './webhooks/enabled-endpoints.ts'

export interface Ports {
  readonly blobs: BlobStore
  readonly records: RecordStore
  readonly queue: JobQueue
  readonly feed: ProgressFeed
  readonly clock: Clock
  /** Of this process; `none` where records need no journal. */
  readonly journalLag: (() => JournalLag) | 'none'
}

export interface ServiceOptions {
  /** Version of Tersor, part of every fingerprint. */
  readonly version: string
  /** `shared`: other processes work on the same records and blobs. */
  readonly sharing: 'alone' | 'shared'
  /** Folder for files that live no longer than a request. */
  readonly scratch: string
  readonly maxModelBytes: number
  readonly maxDatasetBytes: number
  /** How long an upload by parts lives. */
  readonly uploadMs: number
  /** Of one tenant at the same time. */
  readonly maxPendingUploads: number
  /** That these were declared to have together. */
  readonly maxPendingUploadBytes: number
  /** Memory that one job may take. */
  readonly maxJobMemoryBytes: number
  /** Time that one job may ask for. */
  readonly maxJobSeconds: number
  /** CIDRs that webhooks may reach although they are not public; plain http is allowed to them. */
  readonly webhookAllow: readonly string[]
}

export interface ServiceContext extends Ports {
  readonly peers: Peers
  readonly options: ServiceOptions
  readonly pins: BlobPins
  readonly endpoints: EnabledEndpoints
}

export function serviceContext(
  ports: Ports,
  options: ServiceOptions,
  peers: Peers,
): ServiceContext {
  return {
    ...ports,
    options,
    peers,
    pins: new BlobPins(options.sharing),
    endpoints: new EnabledEndpoints(ports.records, ports.clock),
  }
}
