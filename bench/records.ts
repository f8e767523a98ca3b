// Commits and reads per second of each store of records, in turns. `bench/records.ts [rounds] [clients]`; build first.
// A commit is that of a job being submitted: the job, an event and the answer kept under the request's key.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JOURNAL_DRIVERS } from '#src/adapters/journal/index'
import { RECORD_DRIVERS } from '#src/adapters/records/index'
import { closeRedisConnection, openRedisConnection } from '#src/adapters/redis/connection'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import type { JobRecord } from '#src/domain/job'
import type { EventRecord, IdempotencyRecord } from '#src/domain/records'
import type { RecordStore } from '#src/ports/record-store'
import { startRedisServer } from '#test/support/servers/redis-server'
import { median } from './median.ts'

const ROUND_MS = 1000

const rounds = Number(process.argv[2] ?? 7)
const clients = Number(process.argv[3] ?? 10)
const folder = await mkdtemp(join(tmpdir(), 'tersor-bench-records-'))
const server = await startRedisServer()
const redis = openRedisConnection(server.url, 'producer', { onError: console.error })
const database = openSqliteDatabase(join(folder, 'tersor.db'))
const journal = await JOURNAL_DRIVERS.fs({ folder: join(folder, 'journal') })
const stores: Record<string, RecordStore> = {
  sqlite: await RECORD_DRIVERS.sqlite({ database }),
  redis: await RECORD_DRIVERS.redis({ redis, prefix: '{plain}' }),
  'redis + journal (fs)': await RECORD_DRIVERS.journaled({
    redis,
    prefix: '{journaled}',
    journal,
    onError: console.error,
    onRecovered: () => {},
  }),
}

const count = { ids: 0 }

function nextId(): string {
  count.ids += 1
  return String(count.ids).padStart(10, '0')
}

/** Of the size that the service writes. */
function submission(id: string): [JobRecord, EventRecord, IdempotencyRecord] {
  const common = { tenant: 'default', created_at: '2026-01-01T00:00:00.000Z' }
  const spec = { steps: 'x'.repeat(1200) }
  const fields = { status: 'queued', model: 'model_1', fingerprint: id.repeat(6) }
  return [
    { ...common, id: `job_${id}`, ...fields, spec } as never,
    { ...common, id: `event_${id}`, job: `job_${id}`, type: 'job.queued', message: '', data: {} },
    { ...common, id: `key_${id}`, state: 'done', body: 'x'.repeat(1500), expires: 0 } as never,
  ]
}

async function submit(store: RecordStore): Promise<void> {
  const [job, event, answer] = submission(nextId())
  await store.commit([
    { op: 'insert', collection: 'job', record: job },
    { op: 'insert', collection: 'event', record: event },
    { op: 'insert', collection: 'idempotency', record: answer },
  ])
}

async function measure(act: () => Promise<void>): Promise<{ perSecond: number; p99: number }> {
  const times: number[] = []
  const start = performance.now()
  const client = async (): Promise<void> => {
    while (performance.now() - start < ROUND_MS) {
      const before = performance.now()
      await act()
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const perSecond = (times.length * 1000) / (performance.now() - start)
  return { perSecond, p99: times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN }
}

const reads = (store: RecordStore) => async (): Promise<void> => {
  const [first] = await store.list('job', { limit: 1 })
  await store.get('job', first!.record.id)
}

const WORK: Record<string, (store: RecordStore) => () => Promise<void>> = {
  commit: (store) => () => submit(store),
  get: (store) => async () => void (await store.get('job', 'job_0000000001')),
  'list of 20': (store) => async () => {
    await store.list('job', { where: { tenant: 'default', status: 'queued' }, limit: 20 })
  },
  'list of 1, then get': reads,
}

try {
  for (const [what, act] of Object.entries(WORK)) {
    const results = new Map(Object.keys(stores).map((name) => [name, [] as Result[]]))
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, store] of Object.entries(stores)) {
        results.get(name)!.push(await measure(act(store)))
      }
    }
    console.log(`${what}, ${clients} clients, median of ${rounds} rounds`)
    for (const [name, measured] of results) {
      const rate = Math.round(median(measured.map(({ perSecond }) => perSecond)))
      const p99 = median(measured.map((result) => result.p99)).toFixed(2)
      console.log(`  ${name.padEnd(22)} ${String(rate).padStart(7)} /s   p99 ${p99} ms`)
    }
  }
} finally {
  for (const store of Object.values(stores)) await store.close()
  await closeRedisConnection(redis)
  await database.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
}

type Result = Awaited<ReturnType<typeof measure>>
