// Jobs that still need their inputs.

import type { JobRecord } from '#src/domain/job'
import type { RecordStore } from '#src/ports/record-store'

const BATCH = 100

export async function* unfinishedJobs(
  records: RecordStore,
  tenant: string,
): AsyncIterable<JobRecord> {
  for (const status of ['queued', 'running', 'canceling'] as const) {
    let last: string | null = null
    for (;;) {
      const found: Awaited<ReturnType<typeof records.list<'job'>>> = await records.list('job', {
        where: { tenant, status },
        order: 'ascending',
        ...(last === null ? {} : { greaterThan: last }),
        limit: BATCH,
      })
      for (const { record } of found) yield record
      last = found.at(-1)?.record.id ?? null
      if (found.length < BATCH) break
    }
  }
}
