// A worker on the wire.

import { z } from 'zod'
import type { ProcessRecord } from '#src/domain/records'
import { ACCELERATORS } from '#src/recipes/accelerator'
import type { Liveness } from '#src/services/peers'

export const worker = z
  .object({
    id: z.string(),
    object: z.literal('worker'),
    status: z
      .enum(['active', 'draining', 'lost'])
      .describe(
        'draining: it finishes what it runs and takes nothing new. lost: it has not been heard of; its jobs are taken over.',
      ),
    host: z.string(),
    version: z.string(),
    recipe_revision: z.int().describe('Jobs that use newer steps wait for a newer worker.'),
    accelerators: z.array(z.enum(ACCELERATORS)),
    memory_bytes: z.int().describe('What one job may take.'),
    places: z.int().describe('Jobs it runs at the same time.'),
    busy: z.int(),
    started_at: z.string(),
    seen_at: z.string(),
  })
  .meta({ id: 'Worker' })

/** None for a process that runs no jobs. */
export function workerBody(peer: {
  readonly record: ProcessRecord
  readonly liveness: Liveness
}): z.infer<typeof worker>[] {
  const { record, liveness } = peer
  if (record.worker === 'none') return []
  const { capabilities, places, busy, draining } = record.worker
  return [
    {
      id: record.id,
      object: 'worker',
      status: liveness === 'lost' ? 'lost' : draining ? 'draining' : 'active',
      host: record.host,
      version: record.version,
      recipe_revision: capabilities.revision,
      accelerators: [...capabilities.accelerators],
      memory_bytes: capabilities.memory_bytes,
      places,
      busy,
      started_at: record.started_at,
      seen_at: record.seen_at,
    },
  ]
}
