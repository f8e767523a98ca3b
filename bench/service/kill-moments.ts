// The four moments at which the kill benchmark strikes. Each starts work on a running service, kills it, and tells what
// the service had acknowledged by then.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildServer } from './child-server.ts'
import { matMulModel } from './generated-models.ts'
import { create, get } from './service-client.ts'
import type { JobView } from './service-client.ts'

export interface Stage {
  readonly service: ChildServer
  readonly dataFolder: string
  /** A model that is stored already. */
  readonly model: string
  /** Differs in every round, so that no round repeats the work of another. */
  readonly round: number
  /** Milliseconds that an upload, or a job, takes when nobody kills it. */
  readonly uploadMs: number
  readonly jobMs: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export interface Acknowledged {
  readonly models: readonly string[]
  readonly jobs: readonly string[]
  /** Whether the service was doing at its death what the moment is about. */
  readonly hit: boolean
}

export function uploadedModel(seed: number): Uint8Array {
  return Buffer.concat([...matMulModel(2048, 2048, seed)])
}

/** What jobs compress: they take little more than what every job takes. */
export function smallModel(): Uint8Array {
  return Buffer.concat([...matMulModel(64, 64, 1)])
}

export function jobBody(model: string, seed: number): object {
  return {
    model,
    seed,
    steps: [{ type: 'quantize', method: 'dynamic' }],
    evaluation: { task: 'none', latency: { runs: 5 } },
  }
}

const ids = (answers: readonly ({ readonly id: string } | null)[]): string[] =>
  answers.flatMap((answer) => (answer === null ? [] : [answer.id]))

async function duringUpload(stage: Stage): Promise<Acknowledged> {
  const sent = create(
    `${stage.service.url}/v1/models?name=round-${stage.round}`,
    uploadedModel(stage.round),
  )
  await sleep(stage.random() * stage.uploadMs * 1.5)
  await stage.service.kill('SIGKILL')
  const models = ids([await sent])
  return { models, jobs: [], hit: models.length === 0 }
}

const JOBS_AT_ONCE = 6

async function duringQueueing(stage: Stage): Promise<Acknowledged> {
  const sent = Array.from({ length: JOBS_AT_ONCE }, async (_, index) => {
    await sleep(index * 3)
    return create(`${stage.service.url}/v1/jobs`, jobBody(stage.model, stage.round * 100 + index))
  })
  await sleep(stage.random() * 400)
  await stage.service.kill('SIGKILL')
  const jobs = ids(await Promise.all(sent))
  return { models: [], jobs, hit: jobs.length < JOBS_AT_ONCE }
}

async function duringRun(stage: Stage): Promise<Acknowledged> {
  const job = await create(`${stage.service.url}/v1/jobs`, jobBody(stage.model, stage.round))
  if (job === null) throw new Error('The service died before it was killed')
  const url = `${stage.service.url}/v1/jobs/${job.id}`
  while ((await get<JobView>(url))?.status === 'queued') await sleep(5)
  await sleep(stage.random() * stage.jobMs * 0.7)
  const last = await get<JobView>(url)
  await stage.service.kill('SIGKILL')
  return { models: [], jobs: [job.id], hit: last?.status === 'running' }
}

/** Strikes some milliseconds after the first artifact of the job begins to be stored. */
async function duringPublishing(stage: Stage): Promise<Acknowledged> {
  const before = new Set(await storedFiles(stage.dataFolder))
  const job = await create(`${stage.service.url}/v1/jobs`, jobBody(stage.model, stage.round))
  if (job === null) throw new Error('The service died before it was killed')
  const deadline = performance.now() + 60_000
  while ((await storedFiles(stage.dataFolder)).every((name) => before.has(name))) {
    if (performance.now() > deadline) throw new Error('The job stored nothing within 60 s')
  }
  await sleep(stage.random() * 12)
  const killed = stage.service.kill('SIGKILL')
  await killed
  return { models: [], jobs: [job.id], hit: true }
}

async function storedFiles(dataFolder: string): Promise<string[]> {
  const names = await readdir(join(dataFolder, 'blobs'), { recursive: true })
  return names.filter((name) => name.includes('/'))
}

export const MOMENTS = {
  upload: duringUpload,
  queueing: duringQueueing,
  running: duringRun,
  publishing: duringPublishing,
} as const satisfies Record<string, (stage: Stage) => Promise<Acknowledged>>
