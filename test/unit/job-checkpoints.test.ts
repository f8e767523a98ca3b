import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TersorError } from '#src/domain/errors'
import type { BlobStore } from '#src/ports/blob-store'
import type { RecordStore } from '#src/ports/record-store'
import { collectBlobs } from '#src/services/collect-blobs'
import { cancelJob } from '#src/services/jobs'
import type { ServiceContext } from '#src/services/service-context'
import { agedJob, TENANT } from '#test/support/aged-records'
import { begunAttempt } from '#test/support/begun-attempt'
import { openMemoryContext } from '#test/support/memory-context'
import { CHILD_FILES } from '#workers/child-files'
import { requeue } from '#workers/tasks/begin-attempt'
import { AttemptLost } from '#workers/tasks/job-attempt'
import type { JobAttempt } from '#workers/tasks/job-attempt'
import { openJobCheckpoints } from '#workers/tasks/job-checkpoints'
import type { WorkerContext } from '#workers/worker-context'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-checkpoints-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const HOUR = 3_600_000

async function runningJob() {
  const memory = await openMemoryContext({ sharing: 'shared' })
  const { context } = memory
  const job = { ...agedJob(context.clock.now(), 'queued'), attempt: 0 }
  await context.records.commit([{ op: 'insert', collection: 'job', record: job }])
  const attempt = await begunAttempt(context, job.id)
  return { context, memory, job, attempt }
}

async function open(service: ServiceContext, attempt: JobAttempt) {
  const lines: string[] = []
  const lost: Error[] = []
  const patience = { longestMs: 0, giveUp: new AbortController().signal, onWait: () => {} }
  const log = { warn: () => {} } as unknown as Logger
  const worker = { service, patience, log, files: CHILD_FILES } as unknown as WorkerContext
  const writer = { add: (line: string) => void lines.push(line) } as never
  const onLost = (error: Error) => void lost.push(error)
  const checkpoints = await openJobCheckpoints(worker, attempt, writer, onLost)
  return { checkpoints, lines, lost }
}

let files = 0

async function message(step: number, training = 0, content = `${training}/${step}`) {
  files += 1
  const path = join(folder, `${files}.checkpoint`)
  await writeFile(path, content)
  return { kind: 'checkpoint', training, step, path } as const
}

async function keys(blobs: BlobStore): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of blobs.keys()) found.push(key)
  return found
}

test('the newest checkpoint of each training is kept, the one before goes at once', async () => {
  const { context, job, attempt } = await runningJob()
  const { checkpoints, lines } = await open(context, attempt)
  const sent = [await message(1), await message(2), await message(9, 1)]
  for (const one of sent) {
    checkpoints.take(one)
    await checkpoints.settle()
  }
  expect(lines).toEqual([1, 2, 9].map((step) => expect.stringContaining(`step ${step} stored`)))
  expect(await keys(context.blobs)).toHaveLength(2)
  const found = await context.records.get('job', job.id)
  expect(found!.record.checkpoints).toHaveLength(2)
  const target = await mkdtemp(join(folder, 'fetched-'))
  const fetched = await (await open(context, attempt)).checkpoints.fetch(target)
  expect(fetched.map(({ training, step }) => [training, step])).toEqual([
    [0, 2],
    [1, 9],
  ])
  expect(await readFile(fetched[1]!.path, 'utf8')).toBe('1/9')
  // The child's files are not left to pile up.
  expect((await readdir(folder)).filter((name) => name.endsWith('.checkpoint'))).toEqual([])
})

test('a store that is slower than the child keeps the newest, not all', async () => {
  const { context, attempt } = await runningJob()
  const { checkpoints, lines } = await open(context, attempt)
  const sent = await Promise.all([1, 2, 3, 4, 5].map((step) => message(step)))
  for (const one of sent) checkpoints.take(one)
  await checkpoints.settle()
  expect(checkpoints.stored).toBeLessThan(5)
  expect(lines.at(-1)).toContain('step 5')
  expect(await keys(context.blobs)).toHaveLength(1)
})

test('no collection takes the checkpoint of a job that runs', async () => {
  const { context, memory, attempt } = await runningJob()
  const { checkpoints } = await open(context, attempt)
  checkpoints.take(await message(1))
  await checkpoints.settle()
  memory.pass(10 * 24 * HOUR)
  const { clock } = context
  const later = { ...context, clock: { now: () => Math.max(clock.now(), Date.now() + 48 * HOUR) } }
  await collectBlobs(later)
  expect(await keys(context.blobs)).toHaveLength(1)
})

test('an attempt that lost its job names nothing and leaves no bytes', async () => {
  const { context, job, attempt } = await runningJob()
  const first = await open(context, attempt)
  first.checkpoints.take(await message(1))
  await first.checkpoints.settle()
  const found = await context.records.get('job', job.id)
  await requeue(context, found!, 'the worker died')
  const next = await begunAttempt(context, job.id)
  first.checkpoints.take(await message(2))
  await first.checkpoints.settle()
  expect(first.lost).toEqual([expect.any(AttemptLost)])
  const second = await open(context, next)
  const target = await mkdtemp(join(folder, 'fetched-'))
  expect(await second.checkpoints.fetch(target)).toMatchObject([{ step: 1 }])
  expect(await keys(context.blobs)).toHaveLength(1)
})

test('a commit whose answer got lost was made, once', async () => {
  const { context, job, attempt } = await runningJob()
  const records: RecordStore = {
    ...context.records,
    commit: async (writes) => {
      const done = await context.records.commit(writes)
      const isCheckpoint = writes.some(({ collection }) => collection === 'checkpoint')
      return isCheckpoint ? false : done
    },
  }
  const found = await context.records.get('job', job.id)
  await requeue(context, found!, 'again')
  const unlucky = { ...context, records }
  const again = await begunAttempt(unlucky, job.id)
  const { checkpoints, lost } = await open(unlucky, again)
  expect(attempt.job.attempt).toBe(1)
  for (const step of [1, 2]) {
    checkpoints.take(await message(step))
    await checkpoints.settle()
  }
  expect(lost).toEqual([])
  expect((await context.records.get('job', job.id))!.record.checkpoints).toHaveLength(1)
  expect(await context.records.count('checkpoint', {})).toBe(1)
  expect(await keys(context.blobs)).toHaveLength(1)
})

test('a checkpoint that was recorded before the attempt was lost keeps its bytes for the next', async () => {
  const { context, job, attempt } = await runningJob()
  const records: RecordStore = {
    ...context.records,
    // Applied, its answer late: the job is taken over meanwhile.
    commit: async (writes) => {
      const done = await context.records.commit(writes)
      if (!writes.some(({ collection }) => collection === 'checkpoint')) return done
      const found = await context.records.get('job', job.id)
      await requeue(context, found!, 'the worker is silent')
      return false
    },
  }
  const again = await context.records.get('job', job.id)
  await requeue(context, again!, 'again')
  const unlucky = { ...context, records }
  const first = await open(unlucky, await begunAttempt(unlucky, job.id))
  first.checkpoints.take(await message(7))
  await first.checkpoints.settle()
  expect(first.lost).toEqual([expect.any(AttemptLost)])
  expect(attempt.job.attempt).toBe(1)
  const second = await open(context, await begunAttempt(context, job.id))
  const target = await mkdtemp(join(folder, 'fetched-'))
  expect(await second.checkpoints.fetch(target)).toMatchObject([{ step: 7 }])
  expect(second.lines).toEqual([])
})

test.each(['succeeded', 'failed'] as const)('a job that %s leaves none', async (status) => {
  const { context, attempt } = await runningJob()
  const { checkpoints } = await open(context, attempt)
  checkpoints.take(await message(1))
  await checkpoints.settle()
  const ended = await attempt.end((job) => ({ ...job, status }))
  expect(ended.status).toBe(status)
  expect(await context.records.count('checkpoint', {})).toBe(0)
  expect(await keys(context.blobs)).toEqual([])
  checkpoints.take(await message(2))
  await checkpoints.settle()
  expect(await keys(context.blobs)).toEqual([])
})

test('a job that is canceled while it waits for its next worker leaves none', async () => {
  const { context, job, attempt } = await runningJob()
  const { checkpoints } = await open(context, attempt)
  checkpoints.take(await message(1))
  await checkpoints.settle()
  const found = await context.records.get('job', job.id)
  await requeue(context, found!, 'the worker died')
  expect((await cancelJob(context, TENANT, job.id)).status).toBe('canceled')
  expect(await context.records.count('checkpoint', {})).toBe(0)
  expect(await keys(context.blobs)).toEqual([])
})

test('where the store has no room training goes on, and says so', async () => {
  const { context, attempt } = await runningJob()
  const put = async () => {
    throw new TersorError('storage_full', 'no room')
  }
  const full = { ...context, blobs: { ...context.blobs, put } }
  const { checkpoints, lines, lost } = await open(full, attempt)
  checkpoints.take(await message(7))
  await checkpoints.settle()
  expect(lines).toEqual(['the checkpoint of step 7 could not be stored; training goes on'])
  expect([lost, checkpoints.stored]).toEqual([[], 0])
})

test('a checkpoint whose bytes are gone is said to be', async () => {
  const { context, attempt } = await runningJob()
  const { checkpoints, lines } = await open(context, attempt)
  checkpoints.take(await message(3))
  await checkpoints.settle()
  for (const key of await keys(context.blobs)) await context.blobs.delete(key)
  expect(await checkpoints.fetch(folder)).toEqual([])
  expect(lines.at(-1)).toBe('the checkpoint of step 3 is gone, training starts over')
})
