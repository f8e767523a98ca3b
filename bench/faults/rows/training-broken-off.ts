// Rows 30–32: a worker, its child, or the worker's service is ended in mid-epoch. What is trained again is no more than one
// interval, and the weights are those of a run that nobody disturbed.

import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { setTimeout as sleep } from 'node:timers/promises'
import { trainingChildren } from '#test/support/descendants'
import { longTraining, toyStudent, trainingDataset } from '#test/support/long-training'
import { toyModel } from '#test/support/toy-model'
import { checkInvariants } from '../check.ts'
import type { FaultClient } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import { startCluster } from '../cluster.ts'
import type { Fault, FaultContext, FaultResult } from '../fault.ts'
import type { ServiceProcess } from '../service-process.ts'

const INTERVAL_S = 2
/** A step and a look of this bench at a busy machine. */
const SLACK_S = 1
const EPOCHS = 30
/** A job that loses its worker five times is given up. */
const STRIKES_PER_JOB = 3
const WITHIN_MS = 300_000

interface Strike {
  /** How often a job may be started for it. */
  readonly attempts: number
  readonly strike: (worker: ServiceProcess, child: number) => Promise<void>
}

const KILL_WORKER: Strike = {
  attempts: STRIKES_PER_JOB + 1,
  strike: async (worker) => {
    await worker.kill('SIGKILL')
    await worker.start()
  },
}

const KILL_CHILD: Strike = {
  attempts: 1,
  strike: async (_, child) => void process.kill(child, 'SIGKILL'),
}

const STOP_WORKER: Strike = {
  attempts: STRIKES_PER_JOB + 1,
  strike: async (worker) => {
    const code = await worker.kill('SIGTERM')
    if (code !== 0) throw new Error(`the worker ended with ${code}: ${worker.lastWords}`)
    await worker.start()
  },
}

function row(number: number, name: string, strike: Strike): Fault {
  return { row: number, name, times: 6, run: (context) => breakOff(context, strike) }
}

export const trainingWorkerKilled = row(30, 'worker killed in mid-training', KILL_WORKER)
export const trainingChildKilled = row(31, 'child killed in mid-training', KILL_CHILD)
export const trainingWorkerStopped = row(32, 'worker stopped in mid-training', STOP_WORKER)

async function breakOff(context: FaultContext, strike: Strike): Promise<FaultResult> {
  const env = { TERSOR_CHECKPOINT_SECONDS: String(INTERVAL_S), TERSOR_SHUTDOWN_SECONDS: '0' }
  const wire = async () => ({ env: () => env, close: async () => {} })
  const cluster = await startCluster({ s3: context.s3, apis: 1, workers: 2, wire })
  const client = cluster.clients.one
  const violations: string[] = []
  const redone: number[] = []
  try {
    const ids = {
      model: await upload(client, '/v1/models?name=toy', toyModel()),
      student: await upload(client, '/v1/models?name=student', toyStudent()),
      dataset: await upload(client, '/v1/datasets?name=toy&format=npz', trainingDataset()),
    }
    let runs = 5
    const submit = async (): Promise<string> => {
      const { url, secret } = cluster.receiver
      runs += 1
      const body = longTraining(ids, { epochs: EPOCHS, runs })
      return await client.submit({ ...body, webhook: { url, secret } })
    }
    const undisturbed = await submit()
    await client.ended(undisturbed, WITHIN_MS)
    const weights = await modelHash(client, undisturbed)
    for (let struck = 0; struck < context.times;) {
      const id = await submit()
      const strikes = Math.min(STRIKES_PER_JOB, context.times - struck)
      for (let round = 0; round < strikes; round += 1) {
        struck += 1
        const seconds = await strikeOnce(cluster, id, context, strike)
        if (seconds !== 'over') redone.push(seconds)
      }
      const job = await client.ended(id, WITHIN_MS)
      if (job.status !== 'succeeded') violations.push(`${id}: ${JSON.stringify(job.error)}`)
      else if ((await modelHash(client, id)) !== weights) violations.push(`${id}: other weights`)
    }
    violations.push(
      ...redone
        .filter((seconds) => seconds > INTERVAL_S + SLACK_S)
        .map((seconds) => `I7: ${seconds.toFixed(1)} s were trained again`),
      ...(await checkInvariants(cluster, {
        withinMs: WITHIN_MS,
        endings: ['succeeded'],
        attempts: strike.attempts,
      })),
      ...(await leftBehind(context, cluster, Object.values(ids), context.times)),
    )
    const measured = `at most ${Math.max(0, ...redone).toFixed(1)} s trained again, an interval is ${INTERVAL_S} s; the same weights`
    return { struck: redone.length, atStake: runs - 5, violations, measured }
  } finally {
    await cluster.close()
  }
}

const STORED = /^\S+ checkpoint of step \d+ stored/
const RESUMED = /^\S+ training goes on behind step (\d+)/

/**
 * Waits for a new checkpoint and a moment more, strikes, waits until training goes on. Gives the seconds of training lost;
 * `over` when the job ended before it was struck.
 */
async function strikeOnce(
  cluster: Cluster,
  id: string,
  { random }: FaultContext,
  { strike }: Strike,
): Promise<number | 'over'> {
  const client = cluster.clients.one
  const count = async (words: RegExp): Promise<number> =>
    (await logOf(client, id)).filter((line) => words.test(line)).length
  const [stored, resumed] = [await count(STORED), await count(RESUMED)]
  const training = async (): Promise<{ worker: ServiceProcess; child: number } | null> => {
    for (const worker of cluster.workers) {
      const [child] = await trainingChildren(worker.pid)
      if (child !== undefined) return { worker, child }
    }
    return null
  }
  if (!(await waitUntil(client, id, async () => (await count(STORED)) > stored))) return 'over'
  const early = await stepOf(client, id)
  await sleep(random.integer(INTERVAL_S * 100, INTERVAL_S * 1000))
  const found = await training()
  if (found === null) return 'over'
  const late = await stepOf(client, id)
  await strike(found.worker, found.child)
  if (!(await waitUntil(client, id, async () => (await count(RESUMED)) > resumed))) {
    throw new Error(`${id} ended without going on from a checkpoint`)
  }
  const lines = await logOf(client, id)
  const from = Number(lines.findLast((line) => RESUMED.test(line))!.match(RESUMED)![1])
  const pace = (late.at - early.at) / Math.max(1, late.step - early.step)
  return Math.max(0, (late.step - from) * pace) / 1000
}

/** The step that the job says it is at, and when. */
async function stepOf(client: FaultClient, id: string): Promise<{ step: number; at: number }> {
  const { progress } = await client.job(id)
  const step = Number(/ step (\d+)\//.exec(progress.message)?.[1] ?? 0)
  return { step, at: performance.now() }
}

/** False when the job ended before. */
async function waitUntil(
  client: FaultClient,
  id: string,
  holds: () => Promise<boolean>,
): Promise<boolean> {
  const until = performance.now() + WITHIN_MS
  for (;;) {
    const { status } = await client.job(id)
    if (await holds()) return true
    if (!['queued', 'running'].includes(status)) return false
    if (performance.now() > until) throw new Error(`${id} is ${status}`)
    await sleep(50)
  }
}

async function logOf(client: FaultClient, id: string): Promise<readonly string[]> {
  const reply = await client.persist(30_000, 'GET', `/v1/jobs/${id}/log?limit=1000`)
  const { lines } = JSON.parse(reply.text) as { readonly lines: readonly { text: string }[] }
  return lines.map(({ text }) => text)
}

async function upload(client: FaultClient, path: string, bytes: Uint8Array): Promise<string> {
  const reply = await client.persist(60_000, 'POST', path, bytes)
  if (reply.status !== 201) throw new Error(`${path}: ${reply.status} ${reply.text}`)
  return (JSON.parse(reply.text) as { readonly id: string }).id
}

async function modelHash(client: FaultClient, id: string): Promise<string | undefined> {
  const artifacts = await client.list<{ readonly kind: string; readonly sha256: string }>(
    `/v1/jobs/${id}/artifacts`,
  )
  return artifacts.find(({ kind }) => kind === 'model')?.sha256
}

/** I8: of checkpoints nothing is left but what a strike caught between its bytes and its record. */
async function leftBehind(
  { s3 }: FaultContext,
  { clients, history, env }: Cluster,
  uploads: readonly string[],
  strikes: number,
): Promise<readonly string[]> {
  const lists = await Promise.all(
    history.accepted.map(({ id }) =>
      clients.one.list<{ readonly sha256: string }>(`/v1/jobs/${id}/artifacts`),
    ),
  )
  const named = new Set(lists.flat().map(({ sha256 }) => sha256)).size + uploads.length
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: s3.secretKey },
  })
  try {
    const prefix = `${env['TERSOR_S3_PREFIX']}/blobs/`
    const listed = await client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: prefix }),
    )
    const left = (listed.KeyCount ?? 0) - named
    return left > strikes ? [`I8: ${left} blobs are left that no record names`] : []
  } finally {
    client.destroy()
  }
}
