// Writes to the persistent drivers as fast as it can and prints what each has acknowledged. Killed by crash.test.ts.

import { writeSync } from 'node:fs'
import type { BlobStore } from '#src/ports/blob-store'
import type { JobQueue } from '#src/ports/job-queue'
import type { RecordStore } from '#src/ports/record-store'
import { byteStream } from '#test/support/byte-streams'
import { blobDrivers, queueDrivers, recordDrivers } from './drivers.ts'
import type { Driver } from './drivers.ts'
import { queueEntry } from './sample-entries.ts'
import { insertLog } from './sample-records.ts'

function persistent<P>(drivers: readonly Driver<P>[]): Driver<P>[] {
  return drivers.filter((driver) => driver.persistent)
}

/** Not through a stream: the line must be out before the next write begins. */
function acknowledge(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Pairs of records that must appear together, each of several writers at once. */
async function writeRecords(
  driver: Driver<RecordStore>,
  folder: string,
  run: string,
): Promise<never> {
  const store = await driver.open(folder)
  async function writer(name: string): Promise<never> {
    for (let index = 0; ; index += 1) {
      const id = `${run}-${name}-${index}`
      await store.commit([insertLog(`${id}-x`, 'job_1'), insertLog(`${id}-y`, 'job_1')])
      acknowledge(`record:${driver.name} ${id}`)
    }
  }
  return await Promise.race(['a', 'b', 'c', 'd'].map(writer))
}

async function writeQueue(driver: Driver<JobQueue>, folder: string, run: string): Promise<never> {
  const queue = await driver.open(folder)
  for (let index = 0; ; index += 1) {
    const id = `${run}-${index}`
    await queue.enqueue(queueEntry(id))
    acknowledge(`queue:${driver.name} ${id}`)
  }
}

async function writeBlobs(driver: Driver<BlobStore>, folder: string, run: string): Promise<never> {
  const store = await driver.open(folder)
  for (let index = 0; ; index += 1) {
    const source = byteStream(3_000_000, Number(run) * 1000 + index + 1)
    const { key } = await store.put(source.bytes, { maxBytes: 4_000_000 })
    acknowledge(`blob:${driver.name} ${key}`)
  }
}

/** Never ends by itself. */
export async function main(folder: string, run: string): Promise<never> {
  return await Promise.race([
    ...persistent(recordDrivers).map((driver) => writeRecords(driver, folder, run)),
    ...persistent(queueDrivers).map((driver) => writeQueue(driver, folder, run)),
    ...persistent(blobDrivers).map((driver) => writeBlobs(driver, folder, run)),
  ])
}
