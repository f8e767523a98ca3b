// Clean-up by age on the stores of either profile, with a clock that the test moves.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { firstIdAt } from '#src/domain/id'
import type { JobRecord } from '#src/domain/job'
import type { IdempotencyRecord } from '#src/domain/records'
import type { Write } from '#src/ports/record-store'
import { readReport } from '#src/services/artifacts'
import { readJobLog } from '#src/services/job-log'
import { dropExpired } from '#src/services/retention/drop-expired'
import type { RetentionRules } from '#src/services/retention/drop-expired'
import type { ServiceContext } from '#src/services/service-context'
import { oneChunk } from '#test/support/byte-streams'
import { testProfile } from '#test/support/profile'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'
import { agedArtifact, agedEvent, agedJob, logLines, TENANT } from '#test/support/aged-records'

const DAY = 24 * 3600 * 1000
const NOON = Date.parse('2026-03-01T12:00:00Z')
const FOR_EVER: RetentionRules = {
  keepJobsDays: 0,
  keepArtifactsDays: 0,
  keepInputsDays: 0,
  keepLogsDays: 0,
  keepDeliveriesDays: 0,
}

let container: TestContainer
let context: ServiceContext
let now = NOON

beforeEach(async () => {
  container = await openTestContainer()
  now = NOON
  context = { ...container.context, clock: { now: () => now } }
})
afterEach(() => container.remove())

async function insert(...writes: readonly Write[]): Promise<void> {
  expect(await context.records.commit(writes)).toBe(true)
}

/** A succeeded job with an event, two lines of log, and those lines and a model as artifacts. */
async function storeJob(time: number, content = `model of ${time}`): Promise<JobRecord> {
  const blobs = await Promise.all(
    [content, 'first\nsecond\n'].map((text) => context.blobs.put(oneChunk(text), { maxBytes: 99 })),
  )
  const { id } = agedJob(time, 'succeeded')
  const artifacts = [
    agedArtifact(time + 900, id, 'model', blobs[0]!.key),
    agedArtifact(time + 901, id, 'log', blobs[1]!.key),
  ]
  const job = agedJob(time, 'succeeded', { artifacts: artifacts.map((artifact) => artifact.id) })
  await insert(
    { op: 'insert', collection: 'job', record: job },
    { op: 'insert', collection: 'event', record: agedEvent(time, id) },
    { op: 'insert', collection: 'log', record: logLines(id, 1, ['first', 'second']) },
    ...artifacts.map((record): Write => ({ op: 'insert', collection: 'artifact', record })),
  )
  return job
}

const rules = (change: Partial<RetentionRules>): RetentionRules => ({ ...FOR_EVER, ...change })

test('nothing goes by default but what is kept twice or was promised for a time', async () => {
  await storeJob(NOON - 3650 * DAY)
  expect(await dropExpired(context, FOR_EVER)).toEqual({ answers: 0 })
  expect(await context.records.count('artifact', {})).toBe(2)
})

test('a job goes with all that is its own once it ended long enough ago', async () => {
  const old = await storeJob(NOON - 8 * DAY)
  const young = await storeJob(NOON - 6 * DAY)
  const keep = rules({ keepJobsDays: 7 })
  expect(await dropExpired(context, keep)).toMatchObject({ jobs: 1 })
  expect(await context.records.get('job', old.id)).toBeNull()
  for (const collection of ['event', 'log', 'artifact'] as const) {
    expect(await context.records.count(collection, { job: old.id })).toBe(0)
    expect(await context.records.count(collection, { job: young.id })).toBeGreaterThan(0)
  }
  now += DAY
  expect(await dropExpired(context, keep)).toMatchObject({ jobs: 0 })
  now += 2 * 1000
  expect(await dropExpired(context, keep)).toMatchObject({ jobs: 1 })
})

test('a job that was created long ago but has not ended, or ended of late, stays', async () => {
  const late = new Date(NOON - DAY).toISOString()
  await insert(
    { op: 'insert', collection: 'job', record: agedJob(NOON - 90 * DAY, 'running') },
    {
      op: 'insert',
      collection: 'job',
      record: agedJob(NOON - 91 * DAY, 'failed', { finished_at: late }),
    },
  )
  await dropExpired(context, rules({ keepJobsDays: 7 }))
  expect(await context.records.count('job', {})).toBe(2)
})

test('artifacts go, their job stays and says when; bytes that another job shares stay', async () => {
  const old = await storeJob(NOON - 31 * DAY, 'shared')
  const young = await storeJob(NOON - DAY, 'shared')
  const [model] = await context.records.list('artifact', { where: { job: young.id }, limit: 1 })
  expect(await dropExpired(context, rules({ keepArtifactsDays: 30 }))).toMatchObject({
    artifacts: 2,
  })
  const job = (await context.records.get('job', old.id))!.record
  expect(job).toMatchObject({
    status: 'succeeded',
    artifacts: [],
    artifacts_expired_at: '2026-03-01T12:00:00.000Z',
  })
  await expect(readReport(context, TENANT, old.id)).rejects.toThrow('dropped on 2026-03-01')
  expect(await context.blobs.stat(model!.record.sha256)).not.toBeNull()
  now += 31 * DAY
  expect(await dropExpired(context, rules({ keepArtifactsDays: 30 }))).toMatchObject({
    artifacts: 2,
  })
  // Where other processes may be about to need them, bytes wait for the collection of old blobs.
  const gone = (await context.blobs.stat(model!.record.sha256)) === null
  expect(gone).toBe(testProfile() === 'embedded')
})

test('log lines go, and are read from the artifact afterwards', async () => {
  const { id } = await storeJob(NOON - 31 * DAY)
  const before = await readJobLog(context, TENANT, id, 0, 10)
  expect(await dropExpired(context, rules({ keepLogsDays: 30 }))).toMatchObject({ logs: 1 })
  expect(await context.records.count('log', { job: id })).toBe(0)
  expect(await readJobLog(context, TENANT, id, 0, 10)).toEqual(before)
  expect(await readJobLog(context, TENANT, id, 0, 1)).toEqual({
    lines: [{ number: 1, text: 'first' }],
    hasMore: true,
  })
  expect(await readJobLog(context, TENANT, id, 2, 10)).toEqual({ lines: [], hasMore: false })
})

test('a dataset and a model go when nobody needs them any more', async () => {
  const model = firstIdAt('model', NOON - 20 * DAY)
  const used = firstIdAt('model', NOON - 19 * DAY)
  const needed = firstIdAt('model', NOON - 18 * DAY)
  for (const id of [model, used, needed]) await insertModel(id)
  await insert(
    {
      op: 'insert',
      collection: 'job',
      record: agedJob(NOON - 3 * DAY, 'succeeded', { model: used }),
    },
    {
      op: 'insert',
      collection: 'job',
      record: agedJob(NOON - 17 * DAY, 'queued', { model: needed }),
    },
  )
  expect(await dropExpired(context, rules({ keepInputsDays: 10 }))).toMatchObject({ inputs: 1 })
  const left = await context.records.list('model', { order: 'ascending', limit: 9 })
  expect(left.map(({ record }) => record.id)).toEqual([used, needed])
})

async function insertModel(id: string): Promise<void> {
  const { key, size } = await context.blobs.put(oneChunk(id), { maxBytes: 99 })
  const record = {
    id,
    tenant: TENANT,
    name: '',
    container: 'onnx',
    size_bytes: size,
    sha256: key,
    created_at: '',
    metadata: {},
  } as const
  // What the graph is like does not matter here.
  await insert({ op: 'insert', collection: 'model', record } as unknown as Write)
}

test('answers of idempotency keys go when their time is over, all of them', async () => {
  const answer = (index: number, expires: number): Write => ({
    op: 'insert',
    collection: 'idempotency',
    record: {
      id: String(index).padStart(4, '0'),
      tenant: TENANT,
      state: 'done',
      expires,
    } as IdempotencyRecord,
  })
  const writes = Array.from({ length: 450 }, (_, index) =>
    answer(index, index % 3 === 0 ? NOON + DAY : NOON - 1),
  )
  await insert(...writes)
  expect(await dropExpired(context, FOR_EVER)).toEqual({ answers: 300 })
  expect(await context.records.count('idempotency', { state: 'done' })).toBe(150)
})

test('a part that fails keeps no other from running, and is told', async () => {
  await storeJob(NOON - 40 * DAY)
  const { records } = context
  const broken: ServiceContext = {
    ...context,
    records: {
      ...records,
      list: async (collection, query) => {
        if (collection === 'artifact') throw new Error('no answer')
        return await records.list(collection, query)
      },
    },
  }
  const all = rules({ keepArtifactsDays: 30, keepLogsDays: 30 })
  await expect(dropExpired(broken, all)).rejects.toThrow(AggregateError)
  expect(await records.count('log', {})).toBe(0)
})
