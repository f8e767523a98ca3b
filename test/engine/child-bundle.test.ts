import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { CHILD_FLAGS } from '#workers/sandbox/child-flags'
import { CHILD } from '../support/running-service.ts'

const run = promisify(execFile)
const folder = join(CHILD, '..')

/** Whether V8 takes each cache, asked of a Node that runs as children do. */
const ASK = `
  const { readFileSync } = require('node:fs')
  const { Script } = require('node:vm')
  const text = readFileSync(process.argv[1], 'utf8')
  const source = '(function (exports, require, module, __filename) {' + text + '\\n})'
  const script = new Script(source, { filename: process.argv[1], cachedData: readFileSync(process.argv[2]) })
  console.log(script.cachedDataRejected)`

async function isRejected(program: string, cache: string): Promise<string> {
  const words = [...CHILD_FLAGS, '-e', ASK, join(folder, program), join(folder, cache)]
  return (await run(process.execPath, words)).stdout.trim()
}

test('V8 takes the code cache of what each task loads', async () => {
  const files = await readdir(folder)
  const caches = files.filter((name) => name.endsWith('.cache'))
  const cached = (task: string): string[] =>
    caches.filter((name) => name.endsWith(`.${task}.cache`)).map((name) => name.split('.')[0]!)
  expect(cached('compress')).toEqual(expect.arrayContaining(['program', 'run-job']))
  expect(cached('probe')).toEqual(expect.arrayContaining(['program', 'probe-peak-memory']))
  for (const cache of caches) {
    const program = cache.replace(/\.\w+\.cache$/, '')
    expect([cache, await isRejected(program, cache)]).toEqual([cache, 'false'])
  }
  // The question can be answered otherwise, too.
  expect(await isRejected('child.cjs', 'program.cjs.probe.cache')).toBe('true')
})
