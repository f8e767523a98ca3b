import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openProcessScratch, removeDead } from '#src/open-ports/process-scratch'
import { withTemporaryFolder } from '#test/support/temporary-folder'

const fail = (error: unknown): never => {
  throw error
}

/** What a process does that holds a scratch folder until it is killed. */
const HOLD = `
import Database from 'libsql'
const database = new Database(process.argv[1])
database.exec('BEGIN EXCLUSIVE')
console.log('locked')
setInterval(() => {}, 1000)
`

test('a process has a folder of its own, which goes with it', async () => {
  await withTemporaryFolder(async (root) => {
    const one = await openProcessScratch(root, 'worker_1', fail)
    const two = await openProcessScratch(root, 'worker_2', fail)
    expect(one.folder).not.toBe(two.folder)
    await writeFile(join(one.folder, 'model.onnx'), 'half')
    await one.close()
    expect(await readdir(root)).toEqual(['worker_2'])
    await two.close()
    expect(await readdir(root)).toEqual([])
  })
})

test('the folder of a killed process goes, that of a living one stays', async () => {
  await withTemporaryFolder(async (root) => {
    const living = await openProcessScratch(root, 'worker_1', fail)
    await mkdir(join(root, 'worker_2'))
    await writeFile(join(root, 'worker_2', 'model.onnx'), 'half')
    const holder = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      HOLD,
      join(root, 'worker_2', 'lock.db'),
    ])
    const exited = once(holder, 'exit')
    await once(holder.stdout, 'data')
    await removeDead(root, 0)
    expect(await readdir(join(root, 'worker_2'))).toContain('model.onnx')
    holder.kill('SIGKILL')
    await exited
    await removeDead(root)
    expect(await readdir(root)).toContain('worker_2')
    await removeDead(root, 0)
    expect(await readdir(root)).toEqual(['worker_1'])
    await living.close()
  })
})

test('a folder without a lock goes once it is old', async () => {
  await withTemporaryFolder(async (root) => {
    await mkdir(join(root, 'request-1'))
    await mkdir(join(root, 'request-2'))
    const past = new Date(Date.now() - 3600_000)
    await utimes(join(root, 'request-1'), past, past)
    const scratch = await openProcessScratch(root, 'worker_1', fail)
    expect((await readdir(root)).toSorted()).toEqual(['request-2', 'worker_1'])
    await scratch.close()
  })
})
