// The events of a job as they happen: what is recorded, then what comes, up to the last one.

import type { EventRecord } from '#src/domain/records'
import type { ServiceContext } from './service-context.ts'

const BATCH = 100
// Should a message of the feed be lost, the records are read again after this long.
const POLL_MS = 2000

const LAST_EVENTS: readonly string[] = ['job.succeeded', 'job.failed', 'job.canceled']

export function isLastEvent(event: EventRecord): boolean {
  return LAST_EVENTS.includes(event.type)
}

/** Events after the one with the id `after` (all when `null`), oldest first. */
export async function eventsAfter(
  context: ServiceContext,
  job: string,
  after: string | null,
): Promise<readonly EventRecord[]> {
  const events: EventRecord[] = []
  let last = after
  for (;;) {
    const found = await context.records.list('event', {
      where: { job },
      order: 'ascending',
      ...(last === null ? {} : { greaterThan: last }),
      limit: BATCH,
    })
    events.push(...found.map(({ record }) => record))
    last = events.at(-1)?.id ?? last
    if (found.length < BATCH) return events
  }
}

/** Calls `send` for every event from `after` on; resolves behind the last event of the job, or when the signal aborts. */
export async function followEvents(
  context: ServiceContext,
  job: string,
  after: string | null,
  send: (event: EventRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  const inbox = { news: true, wake: (): void => undefined }
  const notice = (): void => {
    inbox.news = true
    inbox.wake()
  }
  const stop = await context.feed.subscribe(job, notice)
  signal.addEventListener('abort', notice, { once: true })
  let last = after
  try {
    while (!signal.aborted) {
      inbox.news = false
      for (const event of await eventsAfter(context, job, last)) {
        send(event)
        last = event.id
        if (isLastEvent(event)) return
      }
      if (!inbox.news) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, POLL_MS)
          inbox.wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    }
  } finally {
    stop()
    signal.removeEventListener('abort', notice)
  }
}
