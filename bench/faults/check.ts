// The invariants of a run, checked from outside after the fault is over. What is wrong comes back in words.

import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultClient } from './client.ts'
import type { Cluster } from './cluster.ts'
import type { AcceptedJob } from './history.ts'
import type { ServiceProcess } from './service-process.ts'

interface EventView {
  readonly type: string
  readonly data: { readonly attempt?: number }
}

interface ArtifactView {
  readonly id: string
  readonly kind: string
  readonly size_bytes: number
  readonly sha256: string
}

export interface Expectations {
  /** Every job ends within this time. */
  readonly withinMs: number
  /** How a job may end; most faults must not be seen by the caller at all. */
  readonly endings: readonly string[]
  /** What a failed job may say; any code where it is left out. */
  readonly codes?: readonly string[]
  /** Attempts that a job may have taken. */
  readonly attempts: number
}

const MAY_FOLLOW: Readonly<Record<string, readonly string[]>> = {
  'job.queued': ['job.started', 'job.canceled', 'job.failed'],
  'job.started': ['job.retrying', 'job.canceling', 'job.succeeded', 'job.failed'],
  'job.retrying': ['job.started', 'job.canceled', 'job.failed'],
  'job.canceling': ['job.canceled', 'job.succeeded', 'job.failed'],
}
const FOLDER_KEPT_MS = 5 * 60_000
const TERMINAL: readonly string[] = ['job.succeeded', 'job.failed', 'job.canceled']

export async function checkInvariants(
  cluster: Cluster,
  expectations: Expectations,
): Promise<readonly string[]> {
  const { history, clients } = cluster
  const problems: string[] = []
  for (const job of history.accepted) {
    const client = job.tenant === 'one' ? clients.one : clients.two
    const other = job.tenant === 'one' ? clients.two : clients.one
    problems.push(...(await checkJob(client, job, expectations)))
    const foreign = await other.persist(30_000, 'GET', `/v1/jobs/${job.id}`)
    if (foreign.status !== 404) problems.push(`I10: ${job.id} answers ${foreign.status} to another`)
  }
  for (const [job, endings] of history.endings) {
    if (endings.size > 1) problems.push(`I2: ${job} ended as ${[...endings].join(' and ')}`)
  }
  for (const [key, ids] of history.idsOfKey) {
    if (ids.size > 1) problems.push(`I6: the key ${key} made ${[...ids].join(' and ')}`)
  }
  problems.push(...(await checkCounts(cluster)))
  problems.push(...(await checkWebhooks(cluster)))
  problems.push(...(await checkLeftovers(cluster)))
  return problems
}

/** I1–I4, I7. */
async function checkJob(
  client: FaultClient,
  { id }: AcceptedJob,
  { withinMs, endings, attempts, codes }: Expectations,
): Promise<readonly string[]> {
  const problems: string[] = []
  const job = await client.ended(id, withinMs).catch((error: unknown) => {
    problems.push(`I1: ${String(error)}`)
    return null
  })
  if (job === null) return problems
  if (!endings.includes(job.status)) {
    problems.push(`${id} ended as ${job.status}: ${JSON.stringify(job.error)}`)
  }
  if (job.error !== null && codes !== undefined && !codes.includes(job.error.code)) {
    problems.push(`${id} failed with ${JSON.stringify(job.error)}`)
  }
  if (job.attempt > attempts) problems.push(`I7: ${id} took ${job.attempt} attempts`)
  const events = [...(await client.list<EventView>(`/v1/jobs/${id}/events?limit=100`))].reverse()
  problems.push(...eventFaults(id, events))
  const artifacts = await client.list<ArtifactView>(`/v1/jobs/${id}/artifacts`)
  const kinds = artifacts.map(({ kind }) => kind)
  if (new Set(kinds).size !== kinds.length)
    problems.push(`I3: ${id} has artifacts twice: ${kinds.join()}`)
  if (job.status === 'succeeded' && !(kinds.includes('model') && kinds.includes('report'))) {
    problems.push(`I3: ${id} succeeded with ${kinds.join() || 'nothing'}`)
  }
  if (job.status !== 'succeeded' && kinds.includes('model')) {
    problems.push(`I3: ${id} ${job.status}, yet hands a model back`)
  }
  for (const artifact of artifacts) problems.push(...(await artifactFaults(client, artifact)))
  return problems
}

function eventFaults(id: string, events: readonly EventView[]): readonly string[] {
  const types = events.map(({ type }) => type).filter((type) => type !== 'job.progress')
  const problems: string[] = []
  const endings = types.filter((type) => TERMINAL.includes(type))
  if (endings.length !== 1) problems.push(`I2: ${id} has the endings ${endings.join() || 'none'}`)
  for (const [index, type] of types.entries()) {
    const next = types[index + 1]
    if (next !== undefined && !(MAY_FOLLOW[type] ?? []).includes(next)) {
      problems.push(`I4: ${id}: ${next} follows ${type}`)
    }
  }
  const attempts = events
    .filter(({ type }) => type === 'job.started')
    .map(({ data }) => data.attempt)
  for (const [index, attempt] of attempts.entries()) {
    if (attempt !== index + 1) problems.push(`I4: ${id} has the attempts ${attempts.join()}`)
  }
  return problems
}

async function artifactFaults(
  client: FaultClient,
  { id, kind, sha256, size_bytes: size }: ArtifactView,
): Promise<readonly string[]> {
  const [url] = client.options.urls()
  const response = await fetch(`${url}/v1/artifacts/${id}/content`, {
    headers: { authorization: `Bearer ${client.options.apiKey}` },
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const hash = createHash('sha256').update(bytes).digest('hex')
  const whole = response.status === 200 && bytes.byteLength === size && hash === sha256
  return whole
    ? []
    : [`I3: ${id} (${kind}) is not whole: ${response.status}, ${bytes.byteLength} B`]
}

/** I6, I9: what the lists count is what was accepted. */
async function checkCounts({ clients, history }: Cluster): Promise<readonly string[]> {
  const problems: string[] = []
  for (const [tenant, client] of Object.entries(clients)) {
    const listed = new Set<string>()
    for (let after = ''; ;) {
      const page = await client.list<{ readonly id: string }>(`/v1/jobs?limit=100${after}`)
      for (const { id } of page) listed.add(id)
      if (page.length < 100) break
      after = `&after=${page.at(-1)!.id}`
    }
    const accepted = new Set(
      history.accepted.filter((job) => job.tenant === tenant).map(({ id }) => id),
    )
    for (const id of accepted) if (!listed.has(id)) problems.push(`I1: ${id} is in no list`)
    for (const id of listed) if (!accepted.has(id)) problems.push(`I6: ${id} was never answered`)
  }
  return problems
}

/** I5: the ending of every job was told, with a valid signature. Deliveries may take a moment. */
async function checkWebhooks({ history }: Cluster): Promise<readonly string[]> {
  const missing = (): readonly string[] => {
    const told = new Set(
      history.webhooks.filter(({ type }) => TERMINAL.includes(type)).map(({ job }) => job),
    )
    return history.accepted.filter(({ id }) => !told.has(id)).map(({ id }) => id)
  }
  const until = performance.now() + 30_000
  while (missing().length > 0 && performance.now() < until) await sleep(100)
  return [
    ...missing().map((id) => `I5: the end of ${id} was not told`),
    ...history.webhooks
      .filter(({ signatureValid }) => !signatureValid)
      .map(({ id }) => `I5: ${id} has no valid signature`),
  ]
}

/** I8: no entry in the queue, no folder of a request or a job that is over. */
async function checkLeftovers({ clients, workers, apis }: Cluster): Promise<readonly string[]> {
  const problems: string[] = []
  const [url] = clients.one.options.urls()
  const until = performance.now() + 30_000
  let entries: string[] = []
  do {
    const reply = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${clients.one.options.apiKey}` },
    })
    entries = (await reply.text())
      .split('\n')
      .filter((line) => /^tersor_queue_entries\{.*\} [1-9]/.test(line))
    if (entries.length > 0) await sleep(500)
  } while (entries.length > 0 && performance.now() < until)
  for (const line of entries) problems.push(`I8: the queue still has ${line}`)
  for (const one of [...apis, ...workers].filter(({ running }) => running)) {
    for (const name of await openFolders(one)) problems.push(`I8: ${one.role} keeps ${name}`)
  }
  return problems
}

/** Folders of requests and jobs that were over long ago: those of dead processes are removed after a while. */
async function openFolders({ dataDir }: ServiceProcess): Promise<readonly string[]> {
  const root = join(dataDir, 'scratch')
  const names = await readdir(root, { recursive: true }).catch(() => [])
  const found: string[] = []
  for (const name of names.filter((path) => /files\/request-\w+$/.test(path))) {
    const { mtimeMs } = await stat(join(root, name)).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > FOLDER_KEPT_MS) found.push(name)
  }
  return found
}
