// Commits to journaled records without end and prints what was acknowledged. Killed by two-processes.test.ts.

import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { JOURNAL_DRIVERS } from '#src/adapters/journal/index'
import { openJournaledRecords } from '#src/adapters/records/journaled'
import { openRedisConnection } from '#src/adapters/redis/connection'
import { logRecord } from '../sample-records.ts'

/** More records than needed would make each recovery, and so the test, longer. */
const PAUSE_MS = 5

/** Never ends by itself. */
export async function main(url: string, folder: string, name: string): Promise<never> {
  const records = await openJournaledRecords({
    redis: openRedisConnection(url, 'producer', { onError: () => {} }),
    prefix: '{test}',
    journal: await JOURNAL_DRIVERS.fs({ folder }),
    onError: () => {},
    onRecovered: () => {},
  })
  async function writer(part: string): Promise<never> {
    for (let index = 0; ; index += 1) {
      const id = `${name}-${part}-${index}`
      try {
        const inserted = {
          op: 'insert',
          collection: 'log',
          record: logRecord(id, 'job_1'),
        } as const
        await records.commit([inserted])
        const record = logRecord(id, 'job_2', [id])
        await records.commit([{ op: 'update', collection: 'log', record, version: 1 }])
        // Not through a stream: the line must be out before the next write begins.
        writeSync(1, `${id}\n`)
        await sleep(PAUSE_MS)
      } catch {
        await sleep(10)
      }
    }
  }
  return await Promise.race(['a', 'b', 'c'].map(writer))
}
