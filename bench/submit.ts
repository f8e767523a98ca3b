// Jobs submitted per second by ten clients, beside a bare server that parses and echoes the same body, and beside one
// that does nothing more than keep it: flushed to the disk, or with one command to Redis; interleaved.
// `bench/submit.ts [rounds] [seconds]`; build first. With TERSOR_REDIS_URL the distributed profile is measured too.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildModel } from '../examples/demo/build-model.ts'
import { drawDigits } from '../examples/demo/draw-digits.ts'
import { openRuntime } from '#engine/runtime/ort'
import { median } from './median.ts'
import { serviceClient } from './real-models/service-client.ts'
import type { ChildServer } from './service/child-server.ts'
import { startServer } from './service/child-server.ts'
import type { LoadResult } from './submit/send-load.ts'
import { sendLoad } from './submit/send-load.ts'

const CLIENTS = 10
const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 3)

const program = (name: string): string => fileURLToPath(new URL(`submit/${name}`, import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'tersor-submit-'))
const common = {
  TERSOR_PORT: '0',
  TERSOR_LOG_LEVEL: 'error',
  TERSOR_REQUESTS_PER_MINUTE: '10000000',
}
const embedded = { ...common, TERSOR_DATA_DIR: join(folder, 'embedded') }
const distributed = {
  ...common,
  TERSOR_DATA_DIR: join(folder, 'distributed'),
  TERSOR_REDIS_URL: process.env['TERSOR_REDIS_URL'] ?? '',
  TERSOR_REDIS_PREFIX: `submit-${process.pid}`,
}

const servers = new Map<string, ChildServer>()
servers.set('bare', await startServer(program('bare-server.js'), [], {}))
servers.set(
  'flushed',
  await startServer(program('flushed-server.js'), [join(folder, 'flushed')], {}),
)
servers.set('embedded', await startServer(program('api-process.js'), [], embedded))
if (distributed.TERSOR_REDIS_URL !== '') {
  const redis = [distributed.TERSOR_REDIS_URL]
  servers.set('redis', await startServer(program('redis-server.js'), redis, {}))
  servers.set('distributed', await startServer(program('api-process.js'), [], distributed))
}
const model = await buildModel(openRuntime(), drawDigits(200, 1))
const bodies = new Map<string, string>()
for (const [name, { url }] of servers) {
  const isTersor = name === 'embedded' || name === 'distributed'
  const id = isTersor ? await serviceClient(url).uploadModel('toy', model) : 'model_0'
  bodies.set(
    name,
    JSON.stringify({ model: id, name: 'toy', steps: [{ type: 'quantize', method: 'dynamic' }] }),
  )
}

const results = new Map<string, LoadResult[]>([...servers.keys()].map((name) => [name, []]))
for (let round = 0; round < rounds; round += 1) {
  for (const [name, { url }] of servers) {
    results.get(name)!.push(await sendLoad(url, bodies.get(name)!, CLIENTS, seconds))
  }
}
for (const server of servers.values()) await server.kill('SIGTERM')
await rm(folder, { recursive: true, force: true })

const bare = median(results.get('bare')!.map(({ perSecond }) => perSecond))
console.log(`${CLIENTS} clients, ${rounds} interleaved rounds of ${seconds} s, medians`)
for (const [name, all] of results) {
  const rate = median(all.map(({ perSecond }) => perSecond))
  const p50 = median(all.map((result) => result.p50))
  const p99 = median(all.map((result) => result.p99))
  const refused = all.reduce((total, result) => total + result.refused, 0)
  console.log(
    `${name.padEnd(12)} ${rate.toFixed(0).padStart(6)}/s  ${(rate / bare).toFixed(2)}×  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(1)} ms  refused ${refused}`,
  )
}
