// What must hold after a server was killed and started again.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { contentOf, list, must } from './service-client.ts'
import type { ArtifactView, JobView } from './service-client.ts'

const FINAL = ['succeeded', 'failed', 'canceled']
const PATIENCE_MS = 120_000

/** Waits for the end of a job that was acknowledged. Returns what is wrong with it: nothing, if it was kept whole. */
export async function checkJob(url: string, id: string): Promise<readonly string[]> {
  const job = await untilFinal(url, id)
  if (job === null) return [`${id} did not end within ${PATIENCE_MS / 1000} s`]
  if (job.status !== 'succeeded') {
    return [`${id} ended as ${job.status}: ${JSON.stringify(job.error)}`]
  }
  const problems: string[] = []
  const events = await list<{ readonly type: string }>(`${url}/v1/jobs/${id}/events?limit=100`)
  const endings = events.filter(({ type }) => type === 'job.succeeded').length
  if (endings !== 1) problems.push(`${id} has ${endings} events job.succeeded`)

  const artifacts = await list<ArtifactView>(`${url}/v1/jobs/${id}/artifacts`)
  const kinds = artifacts.map(({ kind }) => kind).sort()
  if (new Set(kinds).size !== kinds.length)
    problems.push(`${id} has artifacts twice: ${kinds.join(', ')}`)
  for (const kind of ['model', 'report']) {
    if (!kinds.includes(kind)) problems.push(`${id} has no artifact ${kind}`)
  }
  for (const artifact of artifacts) {
    const { size, sha256 } = await contentOf(`${url}/v1/artifacts/${artifact.id}/content`)
    if (size !== artifact.size_bytes || sha256 !== artifact.sha256) {
      problems.push(`${artifact.id} (${artifact.kind}) of ${id} is not whole`)
    }
  }
  return problems
}

async function untilFinal(url: string, id: string): Promise<JobView | null> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    const job = await must<JobView>(`${url}/v1/jobs/${id}`)
    if (FINAL.includes(job.status)) return job
    await sleep(50)
  }
  return null
}

/** Hashes every file of the blob store; each must be what its name says, and nothing half-written may be left. */
export async function checkBlobs(dataFolder: string): Promise<readonly string[]> {
  const folder = join(dataFolder, 'blobs')
  const problems: string[] = []
  for (const shard of await readdir(folder)) {
    for (const name of await readdir(join(folder, shard))) {
      if (shard === 'tmp') problems.push(`blobs/tmp/${name} is left over`)
      else if ((await fileHash(join(folder, shard, name))) !== name) {
        problems.push(`blobs/${shard}/${name} is not whole`)
      }
    }
  }
  return problems
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
