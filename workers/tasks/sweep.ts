// The queue may lose entries, the records do not: what should wait or run and is in no queue is queued again.

import { deliveryEntry, jobEntry } from '#src/services/queue-entries'
import type { WorkerContext } from '#workers/worker-context'

const BATCH = 100

export async function sweep({ service }: WorkerContext): Promise<void> {
  for (const status of ['queued', 'running', 'canceling'] as const) {
    await eachRecord('job', status, async (id) => {
      if (await service.queue.has('compress', id)) return
      // Looked up again: it may have ended between the list and the look into the queue.
      const found = await service.records.get('job', id)
      if (found?.record.status !== status) return
      await service.queue.enqueue(jobEntry(found.record))
    })
  }
  await eachRecord('delivery', 'pending', async (id) => {
    if (await service.queue.has('deliver-webhook', id)) return
    const found = await service.records.get('delivery', id)
    if (found?.record.status !== 'pending') return
    await service.queue.enqueue(deliveryEntry(found.record))
  })
  await dropExpiredAnswers()

  async function eachRecord(
    collection: 'job' | 'delivery',
    status: string,
    act: (id: string) => Promise<void>,
  ): Promise<void> {
    let last = ''
    for (;;) {
      const found = await service.records.list(collection, {
        where: { status },
        order: 'ascending',
        ...(last === '' ? {} : { greaterThan: last }),
        limit: BATCH,
      })
      for (const { record } of found) await act(record.id)
      if (found.length < BATCH) return
      last = found.at(-1)!.record.id
    }
  }

  async function dropExpiredAnswers(): Promise<void> {
    const now = service.clock.now()
    const found = await service.records.list('idempotency', {
      where: { state: 'done' },
      limit: BATCH,
    })
    const expired = found.filter(({ record }) => record.expires < now)
    if (expired.length === 0) return
    await service.records.commit(
      expired.map(
        ({ record }) => ({ op: 'delete', collection: 'idempotency', id: record.id }) as const,
      ),
    )
  }
}
