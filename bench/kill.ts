// Kills the built service with SIGKILL at random moments of four kinds, starts it again on the same folder, and checks
// that what it had answered with 201 is there and whole, and that every such job succeeds exactly once.
// Usage: npm run build && node dist/bench/kill.js [kills per moment = 20] [seed = 1]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from './faults/random.ts'
import { checkBlobs, checkJob } from './service/check-survivors.ts'
import { startService } from './service/child-server.ts'
import { jobBody, MOMENTS, smallModel, uploadedModel } from './service/kill-moments.ts'
import { contentOf, create, must } from './service/service-client.ts'

interface Row {
  readonly moment: string
  kills: number
  hits: number
  models: number
  jobs: number
  readonly problems: string[]
}

const [kills = '20', seed = '1'] = process.argv.slice(2)

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function created(url: string, body: Uint8Array | object): Promise<string> {
  const answer = await create(url, body)
  if (answer === null) throw new Error(`POST ${url}: no answer`)
  return answer.id
}

const dataFolder = await mkdtemp(join(tmpdir(), 'tersor-kill-'))
const rows: Row[] = []
let service = await startService(dataFolder)
try {
  const model = await created(`${service.url}/v1/models?name=small`, smallModel())
  await created(`${service.url}/v1/models?name=warm-up`, uploadedModel(1_000_001))
  const uploadMs = await milliseconds(async () => {
    await created(`${service.url}/v1/models?name=timed`, uploadedModel(1_000_000))
  })
  const jobMs = await milliseconds(async () => {
    const job = await created(`${service.url}/v1/jobs`, jobBody(model, 0))
    const problems = await checkJob(service.url, job)
    if (problems.length > 0) throw new Error(problems.join('\n'))
  })
  console.log(
    `seed ${seed}; without kills an upload takes ${uploadMs.toFixed(0)} ms, a job ${jobMs.toFixed(0)} ms`,
  )

  let round = 0
  const chance = seededRandom(Number(seed))
  const random = (): number => chance.fraction()
  for (const [moment, strike] of Object.entries(MOMENTS)) {
    const row: Row = { moment, kills: 0, hits: 0, models: 0, jobs: 0, problems: [] }
    rows.push(row)
    for (let kill = 0; kill < Number(kills); kill += 1) {
      round += 1
      const { models, jobs, hit } = await strike({
        service,
        dataFolder,
        model,
        round,
        uploadMs,
        jobMs,
        random,
      })
      service = await startService(dataFolder)
      row.kills += 1
      row.hits += hit ? 1 : 0
      row.models += models.length
      row.jobs += jobs.length
      for (const id of [model, ...models]) {
        const { sha256 } = await must<{ sha256: string }>(`${service.url}/v1/models/${id}`)
        const content = await contentOf(`${service.url}/v1/models/${id}/content`)
        if (content.sha256 !== sha256) row.problems.push(`${id} is not whole`)
      }
      for (const id of jobs) row.problems.push(...(await checkJob(service.url, id)))
    }
    row.problems.push(...(await checkBlobs(dataFolder)))
  }
} finally {
  await service.kill('SIGTERM')
  await rm(dataFolder, { recursive: true, force: true })
}

console.table(rows.map(({ problems, ...row }) => ({ ...row, problems: problems.length })))
for (const { moment, problems } of rows) {
  for (const problem of problems) console.log(`${moment}: ${problem}`)
}
process.exitCode = rows.some(({ problems }) => problems.length > 0) ? 1 : 0
