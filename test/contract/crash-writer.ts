// Writes to the persistent drivers as fast as it can and prints what each has acknowledged. Killed by crash.test.ts.

import { writeSync } from 'node:fs'
import { byteStream } from '#test/support/byte-streams'
import { blobDrivers, queueDrivers, recordDrivers } from './drivers.ts'
import { queueEntry } from './sample-entries.ts'
import { insertLog } from './sample-records.ts'

function persistent<D extends { readonly persistent: boolean }>(drivers: readonly D[]): D {
  const driver = drivers.find((candidate) => candidate.persistent)
  if (driver === undefined) throw new Error('No driver is persistent')
  return driver
}

/** Not through a stream: the line must be out before the next write begins. */
function acknowledge(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Pairs of records that must appear together, each of several writers at once. */
async function writeRecords(folder: string, run: string): Promise<never> {
  const store = await persistent(recordDrivers).open(folder)
  async function writer(name: string): Promise<never> {
    for (let index = 0; ; index += 1) {
      const id = `${run}-${name}-${index}`
      await store.commit([insertLog(`${id}-x`, 'job_1'), insertLog(`${id}-y`, 'job_1')])
      acknowledge(`record ${id}`)
    }
  }
  return await Promise.race(['a', 'b', 'c', 'd'].map(writer))
}

async function writeQueue(folder: string, run: string): Promise<never> {
  const queue = await persistent(queueDrivers).open(folder)
  for (let index = 0; ; index += 1) {
    const id = `${run}-${index}`
    await queue.enqueue(queueEntry(id))
    acknowledge(`queue ${id}`)
  }
}

async function writeBlobs(folder: string, run: string): Promise<never> {
  const store = await persistent(blobDrivers).open(folder)
  for (let index = 0; ; index += 1) {
    const source = byteStream(3_000_000, Number(run) * 1000 + index + 1)
    const { key } = await store.put(source.bytes, { maxBytes: 4_000_000 })
    acknowledge(`blob ${key}`)
  }
}

/** Never ends by itself. */
export async function main(folder: string, run: string): Promise<never> {
  return await Promise.race([
    writeRecords(folder, run),
    writeQueue(folder, run),
    writeBlobs(folder, run),
  ])
}
