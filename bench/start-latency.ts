// From the 201 to a worker starting, on an idle service, in both profiles.
// Usage: npm run build && node dist/bench/start-latency.js [jobs = 40]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket } from '#test/support/test-s3'
import { FaultClient } from './faults/client.ts'
import { startCluster } from './faults/cluster.ts'
import { History } from './faults/history.ts'
import { ServiceProcess } from './faults/service-process.ts'
import { uploadSmallModel } from './faults/work.ts'

const jobs = Number(process.argv[2] ?? 40)
const bucket = 'start-latency'
/** Idle again: the children of the next job are ready. */
const IDLE_MS = 1500

const swift = await startSwiftServer()
await createTestBucket({ ...swift, region: 'us-east-1', bucket })
const folder = await mkdtemp(join(tmpdir(), 'tersor-latency-'))
const cluster = await startCluster({ s3: { ...swift, bucket }, apis: 1, workers: 1 })
const alone = new ServiceProcess({
  role: 'standalone',
  env: { TERSOR_PORT: '0', TERSOR_DATA_DIR: folder },
})
try {
  await alone.start()
  const local = new FaultClient({
    urls: () => [alone.url],
    apiKey: 'none',
    tenant: 'one',
    history: new History(),
    authorized: false,
  })
  for (const [name, client] of [
    ['embedded', local],
    ['distributed', cluster.clients.one],
  ] as const) {
    const model = await uploadSmallModel(client)
    const times: number[] = []
    for (let seed = 1; seed <= jobs; seed += 1) {
      await sleep(IDLE_MS)
      times.push(await startOf(client, model, seed))
    }
    times.sort((one, other) => one - other)
    const at = (share: number): string => times[Math.floor(share * (times.length - 1))]!.toFixed(0)
    console.log(`${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${times.length} jobs`)
  }
} finally {
  await alone.kill('SIGKILL')
  await cluster.close()
  await swift.close()
  await rm(folder, { recursive: true, force: true })
}

/** As the records tell it: both times are of one clock. */
async function startOf(client: FaultClient, model: string, seed: number): Promise<number> {
  const id = await client.submit({
    model,
    seed,
    steps: [{ type: 'quantize', method: 'dynamic' }],
    evaluation: { task: 'none', latency: { runs: 5 } },
  })
  await client.ended(id, 60_000)
  const job = JSON.parse((await client.persist(30_000, 'GET', `/v1/jobs/${id}`)).text) as {
    readonly created_at: string
    readonly started_at: string
  }
  return Date.parse(job.started_at) - Date.parse(job.created_at)
}
