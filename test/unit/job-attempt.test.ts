import { expect, test } from 'vitest'
import type { RecordStore } from '#src/ports/record-store'
import { openMemoryContext } from '#test/support/memory-context'
import { agedJob } from '#test/support/aged-records'
import { AttemptLost, beginAttempt, requeue } from '#workers/tasks/job-attempt'

async function queuedJob() {
  const { context } = await openMemoryContext()
  const job = { ...agedJob(context.clock.now(), 'queued'), attempt: 0 }
  await context.records.commit([{ op: 'insert', collection: 'job', record: job }])
  return { context, job }
}

test('a start whose answer got lost is this attempt and no death of a worker', async () => {
  const { context, job } = await queuedJob()
  let commits = 0
  // What a patient store does: the commit is applied, its answer is lost, the second try is refused.
  const records: RecordStore = {
    ...context.records,
    commit: async (writes) => {
      const done = await context.records.commit(writes)
      commits += 1
      return commits === 1 ? false : done
    },
  }
  const attempt = await beginAttempt({ ...context, records }, job.id)
  expect(attempt?.job).toMatchObject({ status: 'running', attempt: 1, workers_lost: 0 })
  await attempt?.update((current) => ({ ...current, stage: 'further' }))
  const found = await context.records.get('job', job.id)
  expect(found?.record).toMatchObject({ attempt: 1, stage: 'further' })
})

test('an attempt whose job went back to the queue commits nothing more', async () => {
  const { context, job } = await queuedJob()
  const attempt = await beginAttempt(context, job.id)
  const found = await context.records.get('job', job.id)
  expect(await requeue(context, found!, 'the worker died', 1)).toBe(true)
  const end = attempt!.end((current) => ({ ...current, status: 'succeeded' }))
  await expect(end).rejects.toBeInstanceOf(AttemptLost)
  const after = await context.records.get('job', job.id)
  expect(after?.record.status).toBe('queued')
})
