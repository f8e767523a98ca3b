// A writer is killed with SIGKILL at random moments; what it had acknowledged must be there, whole.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { sha256Of, xorshift32 } from '#test/support/byte-streams'
import { withTemporaryFolder } from '#test/support/temporary-folder'
import { blobDrivers, queueDrivers, recordDrivers } from './drivers.ts'

const RUN = fileURLToPath(new URL('../support/run-typescript.mjs', import.meta.url))
const WRITER = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))
const KILLS = 4
const SEED = 20_260_101

/** What the writer acknowledges: each persistent driver by itself. */
const ACKNOWLEDGEMENTS = [
  ...recordDrivers.filter(({ persistent }) => persistent).map(({ name }) => `record:${name}`),
  ...queueDrivers.filter(({ persistent }) => persistent).map(({ name }) => `queue:${name}`),
  ...blobDrivers.filter(({ persistent }) => persistent).map(({ name }) => `blob:${name}`),
]

/** Starts the writer, kills it some time after every driver is at work, returns the whole lines it printed. */
async function writeAndDie(folder: string, run: number, delayMs: number): Promise<string[]> {
  const writer = spawn(process.execPath, [RUN, WRITER, folder, String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(writer, 'exit')
  let output = ''
  writer.stdout.setEncoding('utf8')
  writer.stdout.on('data', (text: string) => {
    output += text
  })
  while (ACKNOWLEDGEMENTS.some((name) => named(output.split('\n'), name).length === 0)) {
    await once(writer.stdout, 'data')
  }
  await sleep(delayMs)
  expect(writer.kill('SIGKILL')).toBe(true)
  await exited
  return output.split('\n').slice(0, -1)
}

function named(lines: readonly string[], what: string): string[] {
  return lines
    .filter((line) => line.startsWith(`${what} `))
    .map((line) => line.slice(what.length + 1))
}

it(`loses nothing that was acknowledged in ${KILLS} kills (seed ${SEED})`, async () => {
  await withTemporaryFolder(async (folder) => {
    const random = xorshift32(SEED)
    const acknowledged: string[] = []
    for (let run = 0; run < KILLS; run += 1) {
      acknowledged.push(...(await writeAndDie(folder, run, random() % 300)))
    }

    for (const driver of recordDrivers.filter(({ persistent }) => persistent)) {
      const store = await driver.open(folder)
      const ids = named(acknowledged, `record:${driver.name}`)
      expect(ids.length).toBeGreaterThanOrEqual(KILLS)
      const rows = await store.list('log', { where: { job: 'job_1' }, limit: 1_000_000 })
      const found = new Set(rows.map(({ record }) => record.id))
      expect(ids.filter((id) => !found.has(`${id}-x`) || !found.has(`${id}-y`))).toEqual([])
      const halves = [...found].filter((id) => !found.has(id.replace(/x$/, 'y')))
      expect(halves).toEqual([])
      await store.close()
    }

    for (const driver of queueDrivers.filter(({ persistent }) => persistent)) {
      const queue = await driver.open(folder)
      const ids = named(acknowledged, `queue:${driver.name}`)
      expect(ids.length).toBeGreaterThanOrEqual(KILLS)
      for (const id of ids) expect(await queue.has('compress', id)).toBe(true)
      await queue.close()
    }

    for (const driver of blobDrivers.filter(({ persistent }) => persistent)) {
      const store = await driver.open(folder)
      const keys = named(acknowledged, `blob:${driver.name}`)
      expect(keys.length).toBeGreaterThanOrEqual(KILLS)
      for (const key of keys) expect(await store.stat(key)).not.toBeNull()
      for await (const { key } of store.keys())
        expect(await sha256Of(await store.read(key))).toBe(key)
      await store.close()
      if (driver.name === 'fs') expect(await readdir(join(folder, 'blobs', 'tmp'))).toEqual([])
    }
  })
}, 120_000)
