// News of a job as records: what the events list and the stream show.

import { newId } from '#src/domain/id'
import type { JobRecord } from '#src/domain/job'
import type { EventRecord, JobEventType } from '#src/domain/records'
import type { Clock } from '#src/ports/clock'
import { timestamp } from '#src/ports/clock'

export function jobEvent(
  job: Pick<JobRecord, 'id' | 'tenant'>,
  type: JobEventType,
  message: string,
  data: Readonly<Record<string, unknown>>,
  clock: Clock,
): EventRecord {
  return {
    id: newId('event', clock.now()),
    tenant: job.tenant,
    job: job.id,
    type,
    message,
    data,
    created_at: timestamp(clock),
  }
}
