// An event of a job on the wire.

import { z } from 'zod'
import type { EventRecord } from '#src/domain/records'

export const event = z
  .object({
    id: z.string(),
    object: z.literal('event'),
    job: z.string(),
    type: z.string(),
    message: z.string(),
    data: z.record(z.string(), z.unknown()),
    created_at: z.string(),
  })
  .meta({ id: 'Event' })

export function eventBody({ tenant: _, ...record }: EventRecord) {
  return { object: 'event', ...record } as const
}
