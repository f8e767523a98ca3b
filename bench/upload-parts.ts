// Uploads one big model in one request and by parts through the API, in turns, and compares.
// Usage: npm run build && node dist/bench/upload-parts.js [GiB of weights = 1] [rounds = 3] [parts at once = 4]

import { createWriteStream, openAsBlob, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Tersor } from '@tersor/sdk'
import { startService } from './service/child-server.ts'
import { matMulModel } from './service/generated-models.ts'
import { median } from './median.ts'

const MIB = 1024 * 1024
const [gib = '1', rounds = '3', parallel = '4'] = process.argv.slice(2)
const columns = Math.round((Number(gib) * 2 ** 30) / 4 / 16_384)

const folder = await mkdtemp(join(tmpdir(), 'tersor-parts-'))
const service = await startService(join(folder, 'data'))
const tersor = new Tersor({ baseUrl: service.url })

async function inOneRequest(path: string): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' }
  const body = await openAsBlob(path)
  const reply = await fetch(`${service.url}/v1/models`, { method: 'POST', headers, body })
  if (reply.status !== 201) throw new Error(`answered ${reply.status}: ${await reply.text()}`)
}

async function byParts(path: string): Promise<void> {
  const options = { purpose: 'model', parallel: Number(parallel) } as const
  const { id } = await tersor.uploadFile(path, options)
  await tersor.createModel({ upload: id })
}

async function measure(way: (path: string) => Promise<void>, path: string) {
  const before = service.residentBytes()
  let peak = before
  const sampler = setInterval(() => {
    peak = Math.max(peak, service.residentBytes())
  }, 20)
  const start = performance.now()
  await way(path)
  const seconds = (performance.now() - start) / 1000
  clearInterval(sampler)
  return { seconds, growth: (peak - before) / MIB }
}

try {
  const ratios: number[] = []
  for (let round = 1; round <= Number(rounds); round += 1) {
    const path = join(folder, 'model.onnx')
    await pipeline(Readable.from(matMulModel(16_384, columns, round)), createWriteStream(path))
    const size = statSync(path).size / MIB
    const ways = { 'in one request': inOneRequest, 'by parts': byParts }
    const seconds: number[] = []
    for (const [name, way] of Object.entries(ways)) {
      const measured = await measure(way, path)
      seconds.push(measured.seconds)
      console.log(
        `round ${round}, ${name}: ${size.toFixed(0)} MiB in ${measured.seconds.toFixed(1)} s; resident memory +${measured.growth.toFixed(0)} MiB at most`,
      )
    }
    ratios.push((seconds[1] ?? 0) / (seconds[0] ?? 1))
  }
  console.log(`by parts ÷ in one request: ${median(ratios).toFixed(2)} × the time`)
} finally {
  await service.kill('SIGTERM')
  await rm(folder, { recursive: true, force: true })
}
