// A search whose process dies: the trial that it was in is left out, all others are made.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Tersor } from '@tersor/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchingChildren } from '#test/support/descendants'
import type { ServiceProcesses } from '#test/support/service-processes'
import { startProcesses } from '#test/support/service-processes'
import { toyDataset, toyModel } from '#test/support/toy-model'

const LONG_MS = 120_000

let folder: string
let program: ServiceProcesses
let tersor: Tersor

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acceptance-search-'))
  program = await startProcesses(join(folder, 'data'), {})
  tersor = new Tersor({ baseUrl: program.url })
})

afterAll(async () => {
  await program.kill('SIGTERM')
  // What was killed may still write for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

test(
  'what kills the process of a search costs that trial alone',
  { timeout: LONG_MS },
  async () => {
    const model = (await tersor.uploadModel(toyModel(), 'toy')).id
    const data = (await tersor.uploadDataset(toyDataset(32), 'toy', 'npz')).id
    const job = await tersor.createJob({
      model,
      steps: 'auto',
      goal: { min_speedup: 1000 },
      datasets: { calibration: data, evaluation: data },
      evaluation: { task: 'classification', latency: { runs: 5 } },
    })
    const killed = await killSearching()
    expect(killed).toBeGreaterThan(0)
    const done = await tersor.waitForJob(job.id)
    expect(done.status, done.error?.message).toBe('succeeded')
    const { search } = await tersor.getReport(job.id)
    const died = search!.trials.filter(({ reason }) => reason === 'the process that tried it died')
    expect(died).toHaveLength(1)
    expect(search!.trials.filter(({ size_bytes: size }) => size !== null).length).toBeGreaterThan(3)
  },
)

/** How many processes were killed. */
async function killSearching(): Promise<number> {
  for (;;) {
    const children = (await Promise.all(program.pids.map(searchingChildren))).flat()
    for (const pid of children) process.kill(pid, 'SIGKILL')
    if (children.length > 0) return children.length
    await sleep(20)
  }
}
