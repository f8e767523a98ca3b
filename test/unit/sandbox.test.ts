import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { driverEnvironment } from '#workers/sandbox/driver-environment'
import { detectIsolation } from '#workers/sandbox/isolation'
import type { Isolation } from '#workers/sandbox/isolation'
import type { ChildMessage, ProbeRequest } from '#workers/sandbox/protocol'
import type { ChildSettings } from '#workers/sandbox/spawn-child'
import { spawnChild } from '#workers/sandbox/spawn-child'

const request: ProbeRequest = {
  task: 'probe',
  model: '',
  provider: 'cpu',
  inputs: {},
  threads: 1,
  runs: 1,
}
const MAX_MEMORY = 512 * 2 ** 20

let folder: string
let isolation: Isolation
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'))
  isolation = await detectIsolation()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a child whose body is this script; `done(bytes)` sends a result. */
async function runScript(
  body: string,
  signal = new AbortController().signal,
  memory: ChildSettings['memory'] = 'limited',
) {
  const entry = join(folder, `child-${Math.random()}.mjs`)
  await writeFile(
    entry,
    `process.once('message', async () => {
       const done = (n) => process.send({ kind: 'done', result: { task: 'probe', peakMemoryBytes: n } }, () => process.exit(0))
       ${body}
     })`,
  )
  const messages: ChildMessage[] = []
  const environment = driverEnvironment({ VK_ICD_FILENAMES: 'a.json', AWS_SECRET_ACCESS_KEY: 's' })
  const settings = { entry, scratch: folder, isolation, maxMemoryBytes: MAX_MEMORY, memory }
  const child = await spawnChild({ ...settings, environment }, 'probe')
  try {
    const result = await child.run(request, {
      signal,
      onMessage: (message) => messages.push(message),
    })
    return { result, messages, folder: child.folder }
  } finally {
    await child.dispose()
  }
}

test('a child answers from a folder of its own, which is gone afterwards', async () => {
  const { result, folder: own } = await runScript(
    `done(process.cwd().startsWith(${JSON.stringify(folder)}) ? 1 : 0)`,
  )
  expect(result).toEqual({ task: 'probe', peakMemoryBytes: 1 })
  await expect(readdir(own)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a child sees nothing of the environment', async () => {
  process.env['TERSOR_TEST_SECRET'] = 'secret'
  const { result } = await runScript(`done(JSON.stringify(process.env).includes('secret') ? 1 : 0)`)
  delete process.env['TERSOR_TEST_SECRET']
  expect(result).toMatchObject({ peakMemoryBytes: 0 })
})

test('a child sees what drivers of accelerators read, and no secrets beside it', async () => {
  const { result } = await runScript(`
    const { VK_ICD_FILENAMES: driver, AWS_SECRET_ACCESS_KEY: secret } = process.env
    done([driver, secret].join())`)
  expect(result).toMatchObject({ peakMemoryBytes: 'a.json,' })
})

test('a child yields to the service', async () => {
  const { result } = await runScript(`done((await import('node:os')).getPriority())`)
  expect(result).toMatchObject({ peakMemoryBytes: Math.min(getPriority() + 5, 19) })
})

test('where the machine allows it, a child has no network', async () => {
  const { result } = await runScript(`
    const { networkInterfaces } = await import('node:os')
    done(Object.values(networkInterfaces()).flat().length)`)
  if (isolation.network) expect(result).toMatchObject({ peakMemoryBytes: 0 })
  else expect(result).toMatchObject({ peakMemoryBytes: expect.any(Number) })
})

test.each(['SIGSEGV', 'SIGFPE', 'SIGABRT'])(
  'a child that dies of %s is a crash of the runtime',
  async (signal) => {
    await expect(runScript(`process.kill(process.pid, '${signal}')`)).rejects.toMatchObject({
      code: 'runtime_crashed',
      crashed: true,
    })
  },
)

test('a child that takes more memory than allowed fails, and nothing else does', async () => {
  const script = `const kept = []; for (;;) kept.push(Buffer.alloc(64 * 2 ** 20, 1))`
  await expect(runScript(script)).rejects.toMatchObject({
    code: expect.stringMatching(/out_of_memory|runtime_crashed/),
  })
})

test('a child whose memory is watched may reserve what it likes and fails for what it writes', async () => {
  const never = new AbortController().signal
  const reserve = `const kept = Buffer.allocUnsafeSlow(2 ** 30); setTimeout(() => done(kept.length), 500)`
  const { result } = await runScript(reserve, never, 'watched')
  expect(result).toMatchObject({ peakMemoryBytes: 2 ** 30 })
  const write = `
    const kept = []
    setInterval(() => kept.push(Buffer.alloc(32 * 2 ** 20, 1)), 10)`
  await expect(runScript(write, never, 'watched')).rejects.toMatchObject({ code: 'out_of_memory' })
})

test('an abort kills a child that hangs and throws its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  setTimeout(() => controller.abort(reason), 200)
  const began = performance.now()
  await expect(runScript('for (;;) {}', controller.signal)).rejects.toBe(reason)
  expect(performance.now() - began).toBeLessThan(3000)
})

test('a refusal carries its code and stage', async () => {
  const script = `process.send({ kind: 'failed', code: 'invalid_weights', stage: 'calibrating', detail: 'w' })`
  await expect(runScript(script)).rejects.toMatchObject({
    code: 'invalid_weights',
    stage: 'calibrating',
    crashed: false,
  })
})
