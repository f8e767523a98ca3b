// The numbered lines of a job's log, while it runs and afterwards.

import { isTerminal } from '#src/domain/job'
import type { LogRecord } from '#src/domain/records'
import type { RecordStore } from '#src/ports/record-store'
import { archivedLog } from './archived-log.ts'
import { getOwned } from './owned-record.ts'
import type { ServiceContext } from './service-context.ts'

export interface LogLine {
  readonly number: number
  readonly text: string
}

const DIGITS = 10
const BATCH = 100

/** Id of the batch whose first line is `first`; sorts by line number. */
export function logRecordId(job: string, first: number): string {
  return `${job}.${String(first).padStart(DIGITS, '0')}`
}

/** At most `limit` lines with numbers above `after`, oldest first. */
export async function readJobLog(
  context: ServiceContext,
  tenant: string,
  job: string,
  after: number,
  limit: number,
): Promise<{ readonly lines: readonly LogLine[]; readonly hasMore: boolean }> {
  const { record } = await getOwned(context.records, 'job', tenant, job)
  const lines: LogLine[] = []
  let found = false
  for await (const batch of batchesFrom(context.records, job, after + 1)) {
    found = true
    for (const [index, text] of batch.lines.entries()) {
      const number = batch.first + index
      if (number <= after) continue
      if (lines.length === limit) return { lines, hasMore: true }
      lines.push({ number, text })
    }
  }
  // Lines of jobs that ended long ago are in the artifact alone.
  if (found || !isTerminal(record.status)) return { lines, hasMore: false }
  const archived = await archivedLog(context, job)
  const end = after + limit
  return {
    lines: archived.slice(after, end).map((text, index) => ({ number: after + index + 1, text })),
    hasMore: archived.length > end,
  }
}

/** Batches in order, from the one that holds line `number`. */
async function* batchesFrom(
  records: RecordStore,
  job: string,
  number: number,
): AsyncIterable<LogRecord> {
  const [holder] = await records.list('log', {
    where: { job },
    order: 'descending',
    lessThan: logRecordId(job, number + 1),
    limit: 1,
  })
  if (holder !== undefined) yield holder.record
  let last = holder?.record.id ?? logRecordId(job, 0)
  for (;;) {
    const found = await records.list('log', {
      where: { job },
      order: 'ascending',
      greaterThan: last,
      limit: BATCH,
    })
    for (const { record } of found) yield record
    if (found.length < BATCH) return
    last = found.at(-1)?.record.id ?? last
  }
}
