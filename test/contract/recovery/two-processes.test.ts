// Two processes commit; one is killed, and Redis is emptied again and again: what they had acknowledged is there.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'
import { JOURNAL_DRIVERS } from '#src/adapters/journal/index'
import { openJournaledRecords } from '#src/adapters/records/journaled'
import { closeRedisConnection, openRedisConnection } from '#src/adapters/redis/connection'
import { startRedisServer } from '#test/support/servers/redis-server'
import { withTemporaryFolder } from '#test/support/temporary-folder'
import { logRecord } from '../sample-records.ts'

const RUN = fileURLToPath(new URL('../../support/run-typescript.mjs', import.meta.url))
const WRITER = fileURLToPath(new URL('./journaled-writer.ts', import.meta.url))
const FLUSHES = 3

interface Writer {
  readonly process: ChildProcess
  /** Ids, each of a record at version 2. */
  readonly acknowledged: string[]
}

async function startWriter(url: string, folder: string, name: string): Promise<Writer> {
  const child = spawn(process.execPath, [RUN, WRITER, url, folder, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const acknowledged: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    acknowledged.push(...lines)
  })
  await once(child.stdout, 'data')
  return { process: child, acknowledged }
}

async function kill({ process }: Writer): Promise<void> {
  const exited = once(process, 'exit')
  process.kill('SIGKILL')
  await exited
}

it(`has everything after a kill and ${FLUSHES} losses of Redis`, async () => {
  const server = await startRedisServer()
  onTestFinished(() => server.close())
  const redis = openRedisConnection(server.url, 'producer', { onError: () => {} })
  await withTemporaryFolder(async (folder) => {
    const records = await openJournaledRecords({
      redis,
      prefix: '{test}',
      journal: await JOURNAL_DRIVERS.fs({ folder }),
      gatherMs: { soon: 10, later: 10 },
      onError: () => {},
      onRecovered: () => {},
    })
    const writers = [
      await startWriter(server.url, folder, 'one'),
      await startWriter(server.url, folder, 'other'),
    ]
    for (let flush = 0; flush < FLUSHES; flush += 1) {
      await sleep(1000)
      await redis.flushall()
      await vi.waitFor(() => records.count('log', {}), { timeout: 15_000, interval: 50 })
    }
    await sleep(500)
    // Its last commits are in Redis, marked as missing in the journal; somebody else appends them.
    await kill(writers[0]!)
    await records.upkeep.appendStragglers(Number.MAX_SAFE_INTEGER)
    await vi.waitFor(() => expect(records.journalLag().entries).toBe(0), 5000)
    await redis.flushall()
    await vi.waitFor(() => records.count('log', {}), { timeout: 15_000, interval: 50 })
    await kill(writers[1]!)

    const acknowledged = writers.flatMap((writer) => writer.acknowledged)
    expect(acknowledged.length).toBeGreaterThan(200)
    const rows = await records.list('log', { where: { job: 'job_2' }, limit: 1_000_000 })
    const found = new Map(rows.map((row) => [row.record.id, row]))
    const wrong = acknowledged.filter((id) => found.get(id)?.version !== 2)
    expect(wrong).toEqual([])
    const [first] = acknowledged
    expect(found.get(first!)?.record).toEqual(logRecord(first!, 'job_2', [first!]))
    await records.close()
  })
  await closeRedisConnection(redis)
}, 90_000)
