// Jobs as they finish, wherever they ran, read from the events. Every process that asks sees each of them.

import { firstIdAt } from '#src/domain/id'
import type { JobStatus } from '#src/domain/job'
import { isTerminal } from '#src/domain/job'
import type { EventRecord } from '#src/domain/records'
import type { ServiceContext } from './service-context.ts'

export interface FinishedJob {
  readonly status: JobStatus
  /** Of its error, or `none`. */
  readonly code: string
  /** From its creation to its first start; `null` when it never started. */
  readonly waitSeconds: number | null
  /** From its first start to its end, other attempts included. */
  readonly runSeconds: number | null
}

/**
 * Events are read once they are this old: ids are made before the commit, on clocks that may differ. One that comes
 * later still is not counted.
 */
const SETTLED_MS = 5000
const BATCH = 500
const MOST_BATCHES = 20

type Sources = Pick<ServiceContext, 'records' | 'clock'>

/** Gives the jobs that finished since the last call, the first time since this one. */
export function watchFinishedJobs({
  records,
  clock,
}: Sources): () => Promise<readonly FinishedJob[]> {
  let cursor = firstIdAt('event', clock.now())
  return async () => {
    const end = firstIdAt('event', clock.now() - SETTLED_MS)
    const finished: FinishedJob[] = []
    for (let round = 0; round < MOST_BATCHES && cursor < end; round += 1) {
      const found = await records.list('event', {
        order: 'ascending',
        greaterThan: cursor,
        lessThan: end,
        limit: BATCH,
      })
      const events = found.map(({ record }) => record).filter(endsJob)
      const jobs = await Promise.all(events.map((event) => finishedJob(records, event)))
      finished.push(...jobs.flatMap((job) => (job === null ? [] : [job])))
      cursor = found.length < BATCH ? end : found.at(-1)!.record.id
    }
    return finished
  }
}

const ENDS: readonly EventRecord['type'][] = ['job.succeeded', 'job.failed', 'job.canceled']

function endsJob({ type }: EventRecord): boolean {
  return ENDS.includes(type)
}

async function finishedJob(
  records: Sources['records'],
  event: EventRecord,
): Promise<FinishedJob | null> {
  const found = await records.get('job', event.job)
  if (found === null || !isTerminal(found.record.status)) return null
  const {
    status,
    error,
    created_at: created,
    started_at: started,
    finished_at: ended,
  } = found.record
  return {
    status,
    code: error?.code ?? 'none',
    waitSeconds: secondsBetween(created, started),
    runSeconds: secondsBetween(started, ended),
  }
}

function secondsBetween(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
}
