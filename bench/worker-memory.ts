// Heap of a process that accepts jobs and runs them, over many jobs whose children answer at once: is anything kept?
// The first job's child is a real one; those behind it repeat its answer. Redis and an S3 server are real.
// Usage: npm run build && node --expose-gc dist/bench/worker-memory.js [jobs = 3000]; needs the test servers.

import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import { isTerminal } from '#src/domain/job'
import { jobSpec } from '#src/recipes/job-spec'
import { getJob } from '#src/services/jobs'
import { createModel } from '#src/services/models'
import type { ServiceContext } from '#src/services/service-context'
import { submitJob } from '#src/services/submit-job'
import { startRedisServer } from '#test/support/servers/redis-server'
import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket } from '#test/support/test-s3'
import { startRunner } from '#workers/runner'
import { detectIsolation } from '#workers/sandbox/isolation'
import type { ChildPool } from '#workers/sandbox/pool'
import type { ChildResult, CompressResult } from '#workers/sandbox/protocol'
import type { Child, ChildSettings } from '#workers/sandbox/spawn-child'
import { spawnChild } from '#workers/sandbox/spawn-child'
import { workerContext } from '#workers/worker-context'
import { smallModel } from './faults/work.ts'

const jobs = Number(process.argv[2] ?? 3000)
const WARM_UP = 0.25
const LOOKS = 24
const IN_FLIGHT = 4
const TENANT = 'local'
const KIB = 1024
const CHILD = fileURLToPath(new URL('../workers/sandbox/bundle/child.cjs', import.meta.url))

interface Look {
  readonly done: number
  readonly heap: number
  readonly external: number
  readonly resident: number
}

/** Answers of one real child of each kind, given again and again. */
class RepeatingChildren implements ChildPool {
  readonly #settings: ChildSettings
  readonly #known = new Map<string, { readonly result: ChildResult; readonly folder: string }>()

  constructor(settings: ChildSettings) {
    this.#settings = settings
  }

  async acquire(task: 'compress' | 'probe'): Promise<Child> {
    const known = this.#known.get(task)
    if (known !== undefined) return await this.#repeat(known.result)
    const real = await spawnChild(this.#settings, task)
    const run: Child['run'] = async (request, options) => {
      const result = await real.run(request, options)
      this.#known.set(task, { result, folder: real.folder })
      return result
    }
    // Its folder stays: the files of the repeated answers come from there.
    return { folder: real.folder, run, dispose: async () => undefined }
  }

  async #repeat(result: ChildResult): Promise<Child> {
    const folder = await mkdtemp(join(this.#settings.scratch, 'child-'))
    const run: Child['run'] = async () =>
      result.task === 'compress' ? await copied(result, folder) : structuredClone(result)
    return { folder, run, dispose: () => rm(folder, { recursive: true, force: true }) }
  }

  refill(): void {}

  async close(): Promise<void> {}
}

async function copied(result: CompressResult, folder: string): Promise<CompressResult> {
  const files = await Promise.all(
    result.files.map(async (file) => {
      const path = join(folder, basename(file.path))
      await copyFile(file.path, path)
      return { ...file, path }
    }),
  )
  return { ...structuredClone(result), files }
}

function look(done: number): Look {
  globalThis.gc?.()
  const { heapUsed: heap, external, rss: resident } = process.memoryUsage()
  return { done, heap, external, resident }
}

/** Least squares, in KiB per job. */
function slope(looks: readonly Look[], of: 'heap' | 'external' | 'resident'): string {
  const meanX = looks.reduce((sum, { done }) => sum + done, 0) / looks.length
  const meanY = looks.reduce((sum, entry) => sum + entry[of], 0) / looks.length
  const above = looks.reduce((sum, one) => sum + (one.done - meanX) * (one[of] - meanY), 0)
  const below = looks.reduce((sum, { done }) => sum + (done - meanX) ** 2, 0)
  return (above / below / KIB).toFixed(3)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function runAll(context: ServiceContext, model: string, webhook: string): Promise<Look[]> {
  const looks: Look[] = []
  let submitted = 0
  let done = 0
  const every = Math.ceil(jobs / LOOKS)
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (submitted < jobs) {
        submitted += 1
        const spec = jobSpec.parse({
          model,
          seed: submitted,
          steps: [{ type: 'quantize', method: 'dynamic' }],
          evaluation: { task: 'none', latency: { runs: 5 } },
          webhook: { url: webhook },
        })
        let job = await submitJob(context, TENANT, spec)
        while (!isTerminal(job.status)) {
          await new Promise((resolve) => setTimeout(resolve, 2))
          job = await getJob(context, TENANT, job.id)
        }
        if (job.status !== 'succeeded') throw new Error(JSON.stringify(job.error))
        done += 1
        if (done % every === 0) looks.push(look(done))
      }
    }),
  )
  return looks
}

const swift = await startSwiftServer()
const bucket = 'worker-memory'
await createTestBucket({ ...swift, region: 'us-east-1', bucket })
const redis = await startRedisServer()
// Keeps nothing, for its memory is this process' memory.
const receiver = createServer((_, response) => void response.writeHead(204).end())
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
const { port } = receiver.address() as AddressInfo
const folder = await mkdtemp(join(tmpdir(), 'tersor-worker-memory-'))
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: swift.accessKey,
  AWS_SECRET_ACCESS_KEY: swift.secretKey,
})
const config = readConfig({
  TERSOR_DATA_DIR: folder,
  TERSOR_LOG_LEVEL: 'silent',
  TERSOR_REDIS_URL: redis.url,
  TERSOR_S3_BUCKET: bucket,
  TERSOR_S3_ENDPOINT: swift.endpoint,
  TERSOR_WEBHOOK_ALLOW: '127.0.0.0/8',
})
const container = await openContainer(config)
const { context, log } = container
const children = new RepeatingChildren({
  entry: CHILD,
  scratch: context.options.scratch,
  isolation: await detectIsolation(),
  maxMemoryBytes: config.maxJobMemoryBytes,
  memory: 'limited',
  environment: {},
})
const worker = workerContext({
  service: context,
  children,
  log,
  capabilities: { accelerators: ['cpu'], memory_bytes: config.maxJobMemoryBytes, revision: 1000 },
  maxJobSeconds: 600,
  checkpointSeconds: 0,
  giveUp: new AbortController().signal,
})
const runner = startRunner(worker, { places: IN_FLIGHT })
const started = performance.now()
const { id } = await createModel(context, TENANT, {
  name: 'small',
  metadata: {},
  container: 'onnx',
  source: { kind: 'request', body: once(smallModel()), expectedSha256: null },
})
const looks = await runAll(worker.service, id, `http://127.0.0.1:${port}/`)
const seconds = (performance.now() - started) / 1000
for (const { done, heap, external, resident } of looks) {
  const mib = (bytes: number): string => (bytes / KIB ** 2).toFixed(1)
  console.log(
    `${done} jobs: heap ${mib(heap)} MiB, external ${mib(external)}, resident ${mib(resident)}`,
  )
}
const settled = looks.filter(({ done }) => done >= WARM_UP * jobs)
console.log(
  `${jobs} jobs in ${seconds.toFixed(0)} s; KiB per job: heap ${slope(settled, 'heap')}, external ${slope(settled, 'external')}, resident ${slope(settled, 'resident')}`,
)
await runner.close(0)
await container.close()
receiver.close()
await redis.close()
await swift.close()
await rm(folder, { recursive: true, force: true })
