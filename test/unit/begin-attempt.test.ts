import { expect, test } from 'vitest'
import type { JobRecord } from '#src/domain/job'
import { MAX_TAKEOVERS, MAX_WORKERS_LOST } from '#src/domain/job'
import type { ProcessRecord } from '#src/domain/records'
import type { RecordStore } from '#src/ports/record-store'
import type { Peers } from '#src/services/peers'
import type { ServiceContext } from '#src/services/service-context'
import { begunAttempt, HELD } from '#test/support/begun-attempt'
import { openMemoryContext } from '#test/support/memory-context'
import { agedJob } from '#test/support/aged-records'
import { beginAttempt, requeue } from '#workers/tasks/begin-attempt'
import { AttemptLost } from '#workers/tasks/job-attempt'

async function queuedJob() {
  const { context } = await openMemoryContext()
  const job = { ...agedJob(context.clock.now(), 'queued'), attempt: 0 }
  await context.records.commit([{ op: 'insert', collection: 'job', record: job }])
  return { context, job }
}

/** The processes of one Redis: workers beat while they live. */
function workersOf(context: ServiceContext) {
  const silent = new Set<string>()
  return {
    silent,
    async beat(id: string, beat: number): Promise<void> {
      const record = { id, tenant: 'none', beat } as ProcessRecord
      const found = await context.records.get('process', id)
      await context.records.commit([
        found === null
          ? { op: 'insert', collection: 'process', record }
          : { op: 'update', collection: 'process', record, version: found.version },
      ])
    },
    as(id: string): ServiceContext {
      const peers = { id, isSilent: (other: string) => silent.has(other) }
      return { ...context, peers: peers as unknown as Peers }
    },
  }
}

test('a start whose answer got lost is this attempt and no takeover', async () => {
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
  const attempt = await begunAttempt({ ...context, records }, job.id)
  expect(attempt.job).toMatchObject({ status: 'running', attempt: 1, takeovers: 0 })
  await attempt.update((current) => ({ ...current, stage: 'further' }))
  const found = await context.records.get('job', job.id)
  expect(found?.record).toMatchObject({ attempt: 1, stage: 'further' })
})

test('an attempt whose job went back to the queue commits nothing more', async () => {
  const { context, job } = await queuedJob()
  const attempt = await begunAttempt(context, job.id)
  const found = await context.records.get('job', job.id)
  expect(await requeue(context, found!, 'the worker died')).toBe(true)
  const end = attempt.end((current) => ({ ...current, status: 'succeeded' }))
  await expect(end).rejects.toBeInstanceOf(AttemptLost)
  const after = await context.records.get('job', job.id)
  expect(after?.record.status).toBe('queued')
})

test('who lost the lease takes the job from nobody', async () => {
  const { context, job } = await queuedJob()
  await begunAttempt(context, job.id)
  expect(await beginAttempt(context, job.id, AbortSignal.abort())).toBe('over')
  const found = await context.records.get('job', job.id)
  expect(found?.record).toMatchObject({ status: 'running', attempt: 1 })
})

test('a job whose workers all live on is started again as often as its lease is lost', async () => {
  const { context, job } = await queuedJob()
  const workers = workersOf(context)
  let last: JobRecord = job
  for (let time = 0; time <= 2 * MAX_WORKERS_LOST; time += 1) {
    const id = `worker_${time % 3}`
    for (let worker = 0; worker < 3; worker += 1) await workers.beat(`worker_${worker}`, 3 * time)
    last = (await begunAttempt(workers.as(id), job.id)).job
  }
  expect(last).toMatchObject({ status: 'running', takeovers: 2 * MAX_WORKERS_LOST })
  expect(last.left_by.length).toBeLessThan(3)
})

test('a job is not taken over for ever, whoever lives', async () => {
  const { context, job } = await queuedJob()
  for (let time = 0; time <= MAX_TAKEOVERS - 1; time += 1) await begunAttempt(context, job.id)
  expect(await beginAttempt(context, job.id, HELD)).toBe('over')
  const found = await context.records.get('job', job.id)
  expect(found?.record).toMatchObject({
    status: 'failed',
    takeovers: MAX_TAKEOVERS,
    error: { code: 'worker_lost', stage: 'queued', attempt: MAX_TAKEOVERS },
  })
})

/** As many workers as a job may lose take it in turn; a taker comes before the silence of the last one is known. */
async function allButLastFell(workers: ReturnType<typeof workersOf>, job: string): Promise<string> {
  for (let time = 1; time <= MAX_WORKERS_LOST; time += 1) {
    await workers.beat(`worker_${time}`, 7)
    await begunAttempt(workers.as(`worker_${time}`), job)
    workers.silent.add(`worker_${time - 1}`)
  }
  return `worker_${MAX_WORKERS_LOST}`
}

test('a job under which workers die waits until it is known whether the last ones did', async () => {
  const { context, job } = await queuedJob()
  const workers = workersOf(context)
  const last = await allButLastFell(workers, job.id)
  const other = workers.as('worker_other')
  expect(await beginAttempt(other, job.id, HELD)).toBe('later')
  expect(await beginAttempt(other, job.id, HELD)).toBe('later')
  const waiting = await context.records.get('job', job.id)
  expect(waiting?.record).toMatchObject({ status: 'queued', attempt: MAX_WORKERS_LOST })

  workers.silent.add(last)
  expect(await beginAttempt(other, job.id, HELD)).toBe('over')
  const ended = await context.records.get('job', job.id)
  expect(ended?.record).toMatchObject({
    status: 'failed',
    error: { code: 'worker_lost', stage: 'starting', attempt: MAX_WORKERS_LOST },
  })
})

test('… and starts again when one of them beats on', async () => {
  const { context, job } = await queuedJob()
  const workers = workersOf(context)
  const last = await allButLastFell(workers, job.id)
  const other = workers.as('worker_other')
  expect(await beginAttempt(other, job.id, HELD)).toBe('later')
  await workers.beat(last, 8)
  // It may have been under way when the process died.
  expect(await beginAttempt(other, job.id, HELD)).toBe('later')
  await workers.beat(last, 9)
  const attempt = await begunAttempt(other, job.id)
  expect(attempt.job).toMatchObject({ status: 'running', attempt: MAX_WORKERS_LOST + 1 })
})
