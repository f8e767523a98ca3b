// The job's log: lines gathered for a moment, then appended as one record. All of them are kept for the artifact.

import type { JobRecord } from '#src/domain/job'
import { logRecordId } from '#src/services/job-log'
import type { ServiceContext } from '#src/services/service-context'

const FLUSH_MS = 250
const MAX_LINES = 100_000

export interface JobLogWriter {
  add(line: string): void
  flush(): Promise<void>
  /** Every line of the job so far, earlier attempts included. */
  text(): string
}

export async function openJobLog(service: ServiceContext, job: JobRecord): Promise<JobLogWriter> {
  const lines = await earlierLines(service, job.id)
  let written = lines.length
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()

  async function write(): Promise<void> {
    const batch = lines.slice(written)
    if (batch.length === 0) return
    const first = written + 1
    const record = {
      id: logRecordId(job.id, first),
      tenant: job.tenant,
      job: job.id,
      first,
      lines: batch,
    }
    written = lines.length
    await service.records.commit([{ op: 'insert', collection: 'log', record }])
    await service.feed.publish({ job: job.id, kind: 'log' })
  }

  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    writing = writing.then(write)
    return writing
  }

  return {
    add: (line) => {
      if (lines.length >= MAX_LINES) return
      lines.push(`${new Date(service.clock.now()).toISOString()} ${line}`)
      timer ??= setTimeout(() => void flush().catch(() => undefined), FLUSH_MS)
    },
    flush,
    text: () => `${lines.join('\n')}\n`,
  }
}

const BATCH = 100

async function earlierLines(service: ServiceContext, job: string): Promise<string[]> {
  const lines: string[] = []
  let last = logRecordId(job, 0)
  for (;;) {
    const found = await service.records.list('log', {
      where: { job },
      order: 'ascending',
      greaterThan: last,
      limit: BATCH,
    })
    for (const { record } of found) lines.push(...record.lines)
    if (found.length < BATCH) return lines
    last = found.at(-1)!.record.id
  }
}
