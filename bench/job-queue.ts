// What the queues of both profiles take: entries in and out a second, and from enqueue to a claimer that waits.
// Usage: npm run build && node dist/bench/job-queue.js [entries = 2000] [rounds = 3]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QUEUE_DRIVERS } from '#src/adapters/queue/index'
import { openSqliteDatabase } from '#src/adapters/sqlite/database'
import { NO_NEEDS } from '#src/domain/worker'
import type { JobQueue, QueueEntry } from '#src/ports/job-queue'
import { startRedisServer } from '#test/support/servers/redis-server'

const [entries = '2000', rounds = '3'] = process.argv.slice(2)
const COUNT = Number(entries)
const IN_FLIGHT = 50
const CLAIMERS = 4
const IDLE_SAMPLES = 300
const LEASE_MS = 60_000
const WORKER = { accelerators: ['cpu'], memory_bytes: 2 ** 33, revision: 1 } as const
const groupPlaces = { compress: 1000, 'deliver-webhook': 1000 }

function entry(id: string, number: number): QueueEntry {
  const group = `group ${number % 10}`
  return { kind: 'compress', id, group, needs: NO_NEEDS, priority: 0, notBefore: 0 }
}

async function measure(queue: JobQueue, label: string): Promise<string> {
  const stop = new AbortController()
  let next = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < COUNT) {
        const number = next++
        await queue.enqueue(entry(`${label}-${number}`, number))
      }
    }),
  )
  const enqueued = performance.now()
  let done = 0
  await Promise.all(
    Array.from({ length: CLAIMERS }, async () => {
      while (done < COUNT) {
        const claim = await queue.claim('compress', WORKER, LEASE_MS, stop.signal)
        if (claim === null) return
        await queue.complete(claim)
        done += 1
        if (done === COUNT) stop.abort()
      }
    }),
  )
  const claimed = performance.now()
  const delays: number[] = []
  for (let sample = 0; sample < IDLE_SAMPLES; sample += 1) {
    const waiting = queue.claim('compress', WORKER, LEASE_MS, new AbortController().signal)
    await new Promise((resolve) => setTimeout(resolve, 5))
    const sent = performance.now()
    await queue.enqueue(entry(`${label}-idle-${sample}`, sample))
    const claim = await waiting
    delays.push(performance.now() - sent)
    if (claim !== null) await queue.complete(claim)
  }
  delays.sort((a, b) => a - b)
  const rate = (milliseconds: number): string => ((COUNT / milliseconds) * 1000).toFixed(0)
  const at = (share: number): string => delays[Math.floor(share * (delays.length - 1))]!.toFixed(1)
  return `${rate(enqueued - start)} enqueued/s (${IN_FLIGHT} in flight), ${rate(claimed - enqueued)} claimed and completed/s (${CLAIMERS} claimers), enqueue to claim p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

const folder = await mkdtemp(join(tmpdir(), 'tersor-job-queue-'))
const server = await startRedisServer()
const database = openSqliteDatabase(join(folder, 'queue.db'))
const queues = {
  embedded: await QUEUE_DRIVERS.embedded({ database, groupPlaces }),
  bullmq: await QUEUE_DRIVERS.bullmq({
    url: server.url,
    prefix: '{bench}',
    groupPlaces,
    onError: (error) => console.error(error),
  }),
}
try {
  for (let round = 1; round <= Number(rounds); round += 1) {
    for (const [name, queue] of Object.entries(queues)) {
      console.log(`round ${round}, ${name}: ${await measure(queue, `${round}`)}`)
    }
  }
} finally {
  for (const queue of Object.values(queues)) await queue.close()
  await database.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
}
