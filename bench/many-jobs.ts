// Many tiny jobs on the distributed profile: are all done, what does each cost beyond its computing, does memory grow?
// Usage: npm run build && node dist/bench/many-jobs.js [jobs = 10000] [worker processes = 4] [in flight = 20]; needs the test servers.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket } from '#test/support/test-s3'
import type { FaultClient } from './faults/client.ts'
import type { Cluster } from './faults/cluster.ts'
import { startCluster } from './faults/cluster.ts'
import type { ServiceProcess } from './faults/service-process.ts'
import { median } from './median.ts'
import { jobBody, uploadSmallModel } from './faults/work.ts'

const jobs = Number(process.argv[2] ?? 10_000)
const workers = Number(process.argv[3] ?? 4)
const bucket = 'many-jobs'
const inFlight = Number(process.argv[4] ?? 20)
const SAMPLE_EVERY = Math.max(1, Math.floor(jobs / 200))
const LOOK_EVERY_MS = 10_000
const MS_PER_TICK = 10
const OWN_TIME = 11
const TIME_OF_CHILDREN = 13

interface MemoryLook {
  readonly done: number
  readonly api: number
  readonly worker: number
}

const swift = await startSwiftServer()
await createTestBucket({ ...swift, region: 'us-east-1', bucket })
const cluster = await startCluster({ s3: { ...swift, bucket }, apis: 1, workers })
const client = cluster.clients.one
const started = performance.now()
const overheads: number[] = []
/** Of these: after all was computed. */
const storing: number[] = []
const looks: MemoryLook[] = []
let submitted = 0
let done = 0
let failed = 0
let processor = { api: 0, worker: 0, children: 0 }
try {
  const model = await uploadSmallModel(client)
  const before = processorTimes(cluster)
  const look = setInterval(() => looks.push(memory(cluster, done)), LOOK_EVERY_MS)
  await Promise.all(Array.from({ length: inFlight }, () => stream(model)))
  clearInterval(look)
  const after = processorTimes(cluster)
  processor = {
    api: (after.api - before.api) / jobs,
    worker: (after.worker - before.worker) / jobs,
    children: (after.children - before.children) / jobs,
  }
} finally {
  await cluster.close()
  await swift.close()
}
const seconds = (performance.now() - started) / 1000
console.log(
  `${done} of ${jobs} done, ${failed} not succeeded, ${workers} workers, ${seconds.toFixed(0)} s, ${(done / seconds).toFixed(1)} jobs/s`,
)
console.log(
  `overhead per job beyond its computing: median ${median(overheads).toFixed(0)} ms, worst ${Math.max(...overheads).toFixed(0)} ms (${overheads.length} jobs looked at); of this storing ${median(storing).toFixed(0)} ms`,
)
console.log(
  `processor time per job: API ${processor.api.toFixed(0)} ms, worker ${processor.worker.toFixed(0)} ms, children ${processor.children.toFixed(0)} ms`,
)
console.log(`memory slope: API ${slope('api')}, workers ${slope('worker')} KiB per job`)
process.exitCode = done === jobs && failed === 0 ? 0 : 1

async function stream(model: string): Promise<void> {
  while (submitted < jobs) {
    submitted += 1
    const number = submitted
    const id = await client.submit(jobBody(cluster, model))
    const job = await client.ended(id, 300_000)
    done += 1
    if (job.status !== 'succeeded') failed += 1
    if (number % SAMPLE_EVERY === 0) await sample(client, id)
  }
}

/** Run time of the job as its record tells it, less what the children computed as its log tells it. */
async function sample(from: FaultClient, id: string): Promise<void> {
  await sleep(300)
  const job = JSON.parse((await from.persist(30_000, 'GET', `/v1/jobs/${id}`)).text) as {
    readonly started_at: string
    readonly finished_at: string
  }
  const log = (await from.persist(30_000, 'GET', `/v1/jobs/${id}/log`)).text
  const found = /computed in (\d+) ms, peak memory measured in (\d+) ms/.exec(log)
  if (found === null) return
  const run = Date.parse(job.finished_at) - Date.parse(job.started_at)
  overheads.push(run - Number(found[1]) - Number(found[2]))
  const computed = /(\S{24}) computed in/.exec(log)?.[1]
  if (computed !== undefined) storing.push(Date.parse(job.finished_at) - Date.parse(computed))
}

function memory({ apis, workers: processes }: Cluster, count: number): MemoryLook {
  const sum = (all: readonly { readonly pid: number }[]): number =>
    all.reduce((total, { pid }) => total + residentKib(pid), 0) / all.length
  return { done: count, api: sum(apis), worker: sum(processes) }
}

function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

/** Milliseconds since their start, of all processes of a kind; those of the children that have ended. */
function processorTimes({ apis, workers: processes }: Cluster): typeof processor {
  const sum = (all: readonly ServiceProcess[], first: number): number =>
    all.reduce((total, { pid }) => total + ticksOf(pid, first) * MS_PER_TICK, 0)
  return {
    api: sum(apis, OWN_TIME),
    worker: sum(processes, OWN_TIME),
    children: sum(processes, TIME_OF_CHILDREN),
  }
}

/** User and system time, which stand side by side (proc_pid_stat(5), counted from behind the name). */
function ticksOf(pid: number, first: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return Number(fields[first]) + Number(fields[first + 1])
}

/** Least squares over the second half: the first is warm-up. KiB per job. */
function slope(which: 'api' | 'worker'): string {
  const half = looks.slice(Math.floor(looks.length / 2))
  if (half.length < 3) return 'unknown: the run was too short'
  const meanX = half.reduce((total, { done: x }) => total + x, 0) / half.length
  const meanY = half.reduce((total, entry) => total + entry[which], 0) / half.length
  const above = half.reduce(
    (total, entry) => total + (entry.done - meanX) * (entry[which] - meanY),
    0,
  )
  const below = half.reduce((total, entry) => total + (entry.done - meanX) ** 2, 0)
  return (above / below).toFixed(2)
}
