// Uploads one big model to the service and to a plain server that streams to disk with SHA-256, in turns, and compares.
// Usage: npm run build && node dist/bench/upload.js [GiB of weights = 1] [rounds = 3]

import { createReadStream, createWriteStream, statSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { startServer, startService } from './service/child-server.ts'
import type { ChildServer } from './service/child-server.ts'
import { matMulModel } from './service/generated-models.ts'
import { median } from './median.ts'

const MIB = 1024 * 1024
const [gib = '1', rounds = '3'] = process.argv.slice(2)
const columns = Math.round((Number(gib) * 2 ** 30) / 4 / 16_384)
const PLAIN = fileURLToPath(new URL('service/plain-server.js', import.meta.url))

interface Measurement {
  readonly seconds: number
  /** Resident bytes at the end of the upload and the highest seen, each less what there was before it. */
  readonly growth: number
  readonly peakGrowth: number
}

/** Sends the file with its length declared; returns the status and the body. */
function upload(url: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': statSync(path).size,
    }
    const outgoing = request(url, { method: 'POST', headers }, (response) => {
      response.setEncoding('utf8')
      response
        .toArray()
        .then(
          (parts) => resolve({ status: response.statusCode ?? 0, body: parts.join('') }),
          reject,
        )
    })
    outgoing.once('error', reject)
    pipeline(createReadStream(path, { highWaterMark: MIB }), outgoing).catch(reject)
  })
}

async function measure(server: ChildServer, route: string, path: string): Promise<Measurement> {
  const before = server.residentBytes()
  let peak = before
  const sampler = setInterval(() => {
    peak = Math.max(peak, server.residentBytes())
  }, 20)
  const start = performance.now()
  const { status, body } = await upload(`${server.url}${route}`, path)
  const seconds = (performance.now() - start) / 1000
  clearInterval(sampler)
  if (status !== 201) throw new Error(`The upload was answered ${status}: ${body}`)
  return { seconds, growth: server.residentBytes() - before, peakGrowth: peak - before }
}

const folder = await mkdtemp(join(tmpdir(), 'tersor-upload-'))
try {
  const small = join(folder, 'small.onnx')
  await pipeline(Readable.from(matMulModel(16, 16, 1)), createWriteStream(small))
  const service = await startService(join(folder, 'data'))
  const plain = await startServer(PLAIN, [folder], {})
  // Loads what the first request of each loads.
  await measure(service, '/v1/models?name=small', small)
  await measure(plain, '/', small)

  const results: { readonly plain: Measurement; readonly service: Measurement }[] = []
  for (let round = 1; round <= Number(rounds); round += 1) {
    const path = join(folder, 'model.onnx')
    await pipeline(Readable.from(matMulModel(16_384, columns, round + 1)), createWriteStream(path))
    const size = statSync(path).size
    const result = {
      plain: await measure(plain, '/', path),
      service: await measure(service, `/v1/models?name=big-${round}`, path),
    }
    results.push(result)
    for (const [name, { seconds, growth, peakGrowth }] of Object.entries(result)) {
      const rate = (size / MIB / seconds).toFixed(0)
      console.log(
        `round ${round}, ${name}: ${size} bytes in ${seconds.toFixed(2)} s, ${rate} MiB/s; resident memory +${(growth / MIB).toFixed(1)} MiB after, +${(peakGrowth / MIB).toFixed(1)} MiB at most`,
      )
    }
    for (const name of await readdir(folder)) {
      if (name.startsWith('upload-')) await rm(join(folder, name))
    }
  }
  const ratio = median(results.map((result) => result.plain.seconds / result.service.seconds))
  const peak = Math.max(...results.map((result) => result.service.peakGrowth))
  console.log(
    `throughput of the service ÷ plain stream to disk with SHA-256: ${ratio.toFixed(2)} (median of ${results.length}); highest growth of resident memory ${(peak / MIB).toFixed(1)} MiB`,
  )
  await plain.kill('SIGTERM')
  await service.kill('SIGTERM')
} finally {
  await rm(folder, { recursive: true, force: true })
}
