// Training that is broken off: whoever dies, it goes on from its last checkpoint and ends as if nothing had happened.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Tersor } from '@tersor/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { trainingChildren } from '#test/support/descendants'
import { longTraining, toyStudent, trainingDataset } from '#test/support/long-training'
import type { ServiceProcesses } from '#test/support/service-processes'
import { startProcesses } from '#test/support/service-processes'
import { toyModel } from '#test/support/toy-model'

const ENV = { TERSOR_CHECKPOINT_SECONDS: '1', TERSOR_SHUTDOWN_SECONDS: '0' }
/** Time for three checkpoints and what breaks the training off after each, whatever the machine. */
const TRAINING_MS = 12_000
/** On a machine that does a lot beside. */
const LONG_MS = 300_000

let folder: string
let program: ServiceProcesses
let tersor: Tersor
let ids = { model: '', student: '', dataset: '' }

const start = async (env: Readonly<Record<string, string>> = ENV): Promise<void> => {
  program = await startProcesses(join(folder, 'data'), env)
  tersor = new Tersor({ baseUrl: program.url })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acceptance-training-'))
  await start()
  ids = {
    model: (await tersor.uploadModel(toyModel(), 'toy')).id,
    student: (await tersor.uploadModel(toyStudent(), 'student')).id,
    dataset: (await tersor.uploadDataset(trainingDataset(), 'toy', 'npz')).id,
  }
})

afterAll(async () => {
  await program.kill('SIGTERM')
  // What was killed may still write for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

async function logOf(id: string): Promise<readonly string[]> {
  const reply = await fetch(`${program.url}/v1/jobs/${id}/log?limit=1000`)
  const { lines } = (await reply.json()) as { readonly lines: readonly { readonly text: string }[] }
  return lines.map(({ text }) => text)
}

/** The steps that lines of the log name, such as those of checkpoints that were stored. */
async function stepsIn(id: string, words: RegExp): Promise<readonly number[]> {
  return (await logOf(id)).flatMap((line) => {
    const step = words.exec(line)?.[1]
    return step === undefined ? [] : [Number(step)]
  })
}

const STORED = /checkpoint of step (\d+) stored/
const RESUMED = /goes on behind step (\d+)/

/**
 * Waits for a checkpoint that was stored since the training went on for the `resumed`th time, and for some steps more.
 * Returns the step of the checkpoint.
 */
async function midEpoch(id: string, resumed: number): Promise<number> {
  for (;;) {
    const lines = await logOf(id)
    const times = lines.filter((line) => RESUMED.test(line)).length
    const since = lines.slice(lines.findLastIndex((line) => RESUMED.test(line)) + 1)
    const [step] = since.flatMap((line) => STORED.exec(line)?.[1] ?? [])
    if (times === resumed && step !== undefined) {
      await sleep(150)
      return Number(step)
    }
    const { status, progress } = await tersor.getJob(id)
    expect(['queued', 'running'], `it is over too soon: ${progress.message}`).toContain(status)
    await sleep(30)
  }
}

/** A training that nobody disturbs, of as many epochs as take `TRAINING_MS` here. */
async function undisturbedTraining(): Promise<{ readonly id: string; readonly epochs: number }> {
  for (let epochs = 4; ;) {
    const { id } = await tersor.createJob(longTraining(ids, { epochs, runs: 5 }))
    const { status } = await tersor.waitForJob(id)
    expect(status).toBe('succeeded')
    const took = (await tersor.getReport(id)).steps[0]!.duration_ms
    if (took >= TRAINING_MS) return { id, epochs }
    // Starting takes a part of it, whatever the number of epochs.
    epochs = Math.ceil((1.25 * epochs * TRAINING_MS) / took)
  }
}

async function weightsOf(id: string): Promise<string> {
  return (await tersor.listArtifacts(id)).find(({ kind }) => kind === 'model')!.sha256
}

test(
  'a child, a worker and a stop in mid-epoch cost no bit of the result',
  { timeout: LONG_MS },
  async () => {
    const { epochs, ...undisturbed } = await undisturbedTraining()
    const { id } = await tersor.createJob(longTraining(ids, { epochs, runs: 6 }))
    const stored = [await midEpoch(id, 0)]
    const children = (await Promise.all(program.pids.map(trainingChildren))).flat()
    expect(children).toHaveLength(1)
    process.kill(children[0]!, 'SIGKILL')
    stored.push(await midEpoch(id, 1))
    await program.kill('SIGKILL')
    await start()
    stored.push(await midEpoch(id, 2))
    await program.kill('SIGTERM')
    await start()

    const job = await tersor.waitForJob(id)
    expect([job.status, job.error, job.attempt]).toEqual(['succeeded', null, 3])
    expect(job.reused_from).toBeNull()
    expect(await weightsOf(id)).toBe(await weightsOf(undisturbed.id))
    const resumed = await stepsIn(id, RESUMED)
    expect(resumed).toHaveLength(3)
    // The last words of who was killed may be missing from the log: a later checkpoint is as good.
    for (const [index, step] of resumed.entries())
      expect(step).toBeGreaterThanOrEqual(stored[index]!)
    const reports = await Promise.all([undisturbed.id, id].map((one) => tersor.getReport(one)))
    const [whole, broken] = reports.map(({ steps }) => steps[0]!.details as Record<string, unknown>)
    expect(broken).toEqual({ ...whole, resumed: 3 })
    expect(whole!['resumed']).toBe(0)
  },
)

test('a canceled training stops within seconds', async () => {
  const { id } = await tersor.createJob(longTraining(ids, { epochs: 200, runs: 7, shards: 2 }))
  await midEpoch(id, 0)
  const { progress } = await tersor.getJob(id)
  expect(progress.message).toMatch(/^epoch \d+\/200 step \d+\/204800 loss \S+ learning rate \S+$/)
  expect(progress.eta_seconds).toBeGreaterThan(0)
  const asked = performance.now()
  await tersor.cancelJob(id)
  while ((await tersor.getJob(id)).status !== 'canceled') await sleep(20)
  // Minutes of training are left.
  expect(performance.now() - asked).toBeLessThan(20_000)
  expect((await Promise.all(program.pids.map(trainingChildren))).flat()).toEqual([])
})

test(
  'a worker that is told to stop has a checkpoint written first, whatever the interval',
  { timeout: LONG_MS },
  async () => {
    const env = { TERSOR_CHECKPOINT_SECONDS: '3600', TERSOR_SHUTDOWN_SECONDS: '3' }
    await program.kill('SIGTERM')
    await start(env)
    const { id } = await tersor.createJob(longTraining(ids, { epochs: 200, runs: 8, shards: 2 }))
    while (!/ step \d{2,}\//.test((await tersor.getJob(id)).progress.message)) await sleep(30)
    await program.kill('SIGTERM')
    await start(env)
    while ((await stepsIn(id, RESUMED)).length === 0) {
      await sleep(30)
    }
    expect(await stepsIn(id, STORED)).toEqual(await stepsIn(id, RESUMED))
    await tersor.cancelJob(id)
  },
)
