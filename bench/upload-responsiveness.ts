// How responsive the service stays while it takes one big upload: delay of its event loop, time of small requests, memory.
// In turns with the same time without an upload, on the same process.
// Usage: npm run build && node dist/bench/upload-responsiveness.js [GiB of weights = 1] [rounds = 3]

import {
  createReadStream,
  createWriteStream,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { quantile } from '#engine/evaluate/latency'
import type { ChildServer } from './service/child-server.ts'
import { STANDALONE, startServer } from './service/child-server.ts'
import { matMulModel } from './service/generated-models.ts'
import type { LoopDelay } from './service/watch-event-loop.ts'

const MIB = 1024 * 1024
const [gib = '1', rounds = '3'] = process.argv.slice(2)
const columns = Math.round((Number(gib) * 2 ** 30) / 4 / 16_384)
const WATCH = fileURLToPath(new URL('service/watch-event-loop.js', import.meta.url))
const PAUSE_MS = 20

interface Phase {
  readonly seconds: number
  readonly loop: LoopDelay
  /** Times of `GET /healthz`, milliseconds. */
  readonly requests: readonly number[]
  /** Resident bytes: the highest seen, less what there was before. */
  readonly growth: number
}

const folder = await mkdtemp(join(tmpdir(), 'tersor-responsiveness-'))
const seen = join(folder, 'event-loop.json')

async function loopDelay(server: ChildServer): Promise<LoopDelay> {
  rmSync(seen, { force: true })
  server.ask()
  while (!existsSync(seen)) await sleep(1)
  return JSON.parse(readFileSync(seen, 'utf8')) as LoopDelay
}

async function watched(server: ChildServer, work: () => Promise<void>): Promise<Phase> {
  await loopDelay(server)
  const before = server.residentBytes()
  let growth = 0
  const requests: number[] = []
  const state = { done: false }
  const client = (async () => {
    while (!state.done) {
      const start = performance.now()
      await (await fetch(`${server.url}/healthz`)).text()
      requests.push(performance.now() - start)
      growth = Math.max(growth, server.residentBytes() - before)
      await sleep(PAUSE_MS)
    }
  })()
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1000
  state.done = true
  await client
  return { seconds, loop: await loopDelay(server), requests, growth }
}

async function upload(url: string, path: string): Promise<void> {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': statSync(path).size,
  }
  const answered = new Promise<number>((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
    outgoing.once('error', reject)
    pipeline(createReadStream(path, { highWaterMark: MIB }), outgoing).catch(reject)
  })
  const status = await answered
  if (status !== 201) throw new Error(`The upload was answered ${status}`)
}

function print(name: string, { seconds, loop, requests, growth }: Phase): void {
  const ms = (value: number): string => `${value.toFixed(2)} ms`
  console.log(
    `${name}: ${seconds.toFixed(2)} s; event loop late p50 ${ms(loop.p50)}, p99 ${ms(loop.p99)}, at most ${ms(loop.max)}; ` +
      `${requests.length} × GET /healthz p50 ${ms(quantile(requests, 0.5))}, p99 ${ms(quantile(requests, 0.99))}; resident memory +${(growth / MIB).toFixed(1)} MiB at most`,
  )
}

try {
  const service = await startServer('--import', [WATCH, STANDALONE], {
    EVENT_LOOP_FILE: seen,
    TERSOR_HOST: '127.0.0.1',
    TERSOR_PORT: '0',
    TERSOR_DATA_DIR: join(folder, 'data'),
    TERSOR_LOG_LEVEL: 'error',
  })
  const small = join(folder, 'small.onnx')
  await pipeline(Readable.from(matMulModel(16, 16, 1)), createWriteStream(small))
  // Loads what the first request loads.
  await upload(`${service.url}/v1/models?name=small`, small)
  for (let round = 1; round <= Number(rounds); round += 1) {
    const path = join(folder, 'model.onnx')
    await pipeline(Readable.from(matMulModel(16_384, columns, round + 1)), createWriteStream(path))
    const target = `${service.url}/v1/models?name=big-${round}`
    const busy = await watched(service, () => upload(target, path))
    const idle = await watched(service, () => sleep(busy.seconds * 1000))
    print(`round ${round}, upload of ${(statSync(path).size / MIB).toFixed(0)} MiB`, busy)
    print(`round ${round}, nothing else`, idle)
  }
  await service.kill('SIGTERM')
} finally {
  await rm(folder, { recursive: true, force: true })
}
