// What services work with, in the heap, with a clock that the test moves.

import { tmpdir } from 'node:os'
import { BLOB_DRIVERS } from '#src/adapters/blobs/index'
import { FEED_DRIVERS } from '#src/adapters/feed/index'
import { QUEUE_DRIVERS } from '#src/adapters/queue/index'
import { RECORD_DRIVERS } from '#src/adapters/records/index'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import { Peers } from '#src/services/peers'
import type { ServiceContext, ServiceOptions } from '#src/services/service-context'
import { serviceContext } from '#src/services/service-context'

const MIB = 2 ** 20

export interface MemoryContext {
  readonly context: ServiceContext
  /** Lets time pass. */
  pass(ms: number): void
}

/** Stores of another context may be given, as another process would share them. */
export async function openMemoryContext(
  options: Partial<ServiceOptions> = {},
  stores: Partial<Pick<ServiceContext, 'blobs' | 'records'>> = {},
): Promise<MemoryContext> {
  let now = Date.parse('2026-03-01T12:00:00Z')
  const clock = { now: () => now }
  const records = stores.records ?? (await RECORD_DRIVERS.memory())
  const ports = {
    clock,
    records,
    journalLag: 'none' as const,
    blobs: stores.blobs ?? (await BLOB_DRIVERS.memory()),
    feed: await FEED_DRIVERS.memory({ onError: () => {} }),
    queue: await QUEUE_DRIVERS.embedded({
      database: openSqliteDatabase(':memory:'),
      groupPlaces: { compress: 1, 'deliver-webhook': 1 },
    }),
  }
  const sharing = options.sharing ?? 'alone'
  const peers = new Peers({
    records,
    clock,
    id: 'api_1',
    version: 'test',
    sharing,
    onError: () => {},
  })
  const complete: ServiceOptions = {
    version: 'test',
    sharing,
    scratch: tmpdir(),
    maxModelBytes: 64 * MIB,
    maxDatasetBytes: 64 * MIB,
    uploadMs: 24 * 3600 * 1000,
    maxPendingUploads: 1000,
    maxPendingUploadBytes: 1024 * MIB,
    maxJobMemoryBytes: 1024 * MIB,
    maxJobSeconds: 24 * 3600,
    webhookAllow: [],
    ...options,
  }
  return {
    context: serviceContext(ports, complete, peers),
    pass: (ms) => {
      now += ms
    },
  }
}
