// The queue may lose entries, the records do not: what should wait or run and is in no queue is queued again.

import type { JobStatus } from '#src/domain/job'
import type { DeliveryRecord } from '#src/domain/webhook'
import { deliveryEntry, jobEntry } from '#src/services/queue-entries'
import type { ServiceContext } from '#src/services/service-context'
import type { WorkerContext } from '#workers/worker-context'

const BATCH = 100
/** Records of one kind that one sweep looks at; the next goes on where it stopped. */
const MOST_AT_ONCE = 2000

type Requeue = (id: string) => Promise<void>

/** Gives the sweep, to be called now and then by one worker of all. */
export function sweeper({ service }: WorkerContext): () => Promise<void> {
  const statuses = ['queued', 'running', 'canceling'] as const
  const passes = [
    ...statuses.map((status) => pass(service, 'job', status, requeueJob(service, status))),
    pass(service, 'delivery', 'pending', requeueDelivery(service)),
  ]
  return async () => {
    for (const next of passes) await next()
  }
}

function requeueJob(service: ServiceContext, status: JobStatus): Requeue {
  return async (id) => {
    if (await service.queue.has('compress', id)) return
    // Looked up again: it may have ended between the list and the look into the queue.
    const found = await service.records.get('job', id)
    if (found?.record.status === status) await service.queue.enqueue(jobEntry(found.record))
  }
}

function requeueDelivery(service: ServiceContext): Requeue {
  const pending: DeliveryRecord['status'] = 'pending'
  return async (id) => {
    if (await service.queue.has('deliver-webhook', id)) return
    const found = await service.records.get('delivery', id)
    if (found?.record.status === pending) await service.queue.enqueue(deliveryEntry(found.record))
  }
}

/** Walks through all records of a status, a part at each call, and begins again. */
function pass(
  { records }: ServiceContext,
  collection: 'job' | 'delivery',
  status: string,
  requeue: Requeue,
): () => Promise<void> {
  let last = ''
  return async () => {
    for (let looked = 0; looked < MOST_AT_ONCE; looked += BATCH) {
      const found = await records.list(collection, {
        where: { status },
        order: 'ascending',
        ...(last === '' ? {} : { greaterThan: last }),
        limit: BATCH,
      })
      await Promise.all(found.map(({ record }) => requeue(record.id)))
      last = found.length < BATCH ? '' : found.at(-1)!.record.id
      if (last === '') return
    }
  }
}
