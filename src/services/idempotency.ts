// Idempotency keys: the first answer to a request is kept and given again (draft-ietf-httpapi-idempotency-key-header).

import { createHash } from 'node:crypto'
import { TersorError } from '#src/domain/errors'
import type { IdempotencyRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import type { Peers } from './peers.ts'
import type { ServiceContext } from './service-context.ts'

/** How long an answer is kept. */
export const RETENTION_MS = 24 * 3600 * 1000
/** A request still marked as running after this long has died with its process. */
const ABANDONED_MS = 10 * 60 * 1000
const BATCH = 100

/**
 * What this process runs now, as owner and id. Where a record says so and it is not here, the commit that admitted the
 * request was applied although it seemed to fail: the key is free.
 */
const RUNNING = new Set<string>()

type KeyContext = Pick<ServiceContext, 'records' | 'clock'> & {
  readonly peers: Pick<Peers, 'id' | 'isAlive'>
}

export interface KeyedRequest {
  readonly tenant: string
  readonly method: string
  readonly route: string
  readonly key: string
}

export interface KeptAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The record under which a request runs: what it commits names this version, so that nobody else runs beside it. */
export interface Admitted {
  readonly kind: 'run'
  readonly record: IdempotencyRecord
  readonly version: number
}

export type Admission =
  | Admitted
  | { readonly kind: 'replay'; readonly fingerprint: string; readonly answer: KeptAnswer }

/** @throws TersorError idempotency_conflict while a twin runs */
export async function admitKeyed(context: KeyContext, request: KeyedRequest): Promise<Admission> {
  const { records, clock, peers } = context
  const parts = [request.tenant, request.method, request.route, request.key]
  const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  const found = await records.get('idempotency', id)
  const now = clock.now()
  if (found?.record.state === 'done' && found.record.expires > now) {
    const { fingerprint, status, headers, body } = found.record
    return { kind: 'replay', fingerprint, answer: { status, headers, body } }
  }
  const current = `${peers.id} ${id}`
  if (found?.record.state === 'running' && found.record.expires > now) {
    const { owner } = found.record
    if (owner === peers.id ? RUNNING.has(current) : peers.isAlive(owner)) throw twinRuns()
  }
  const record: IdempotencyRecord = {
    id,
    tenant: request.tenant,
    fingerprint: '',
    owner: peers.id,
    state: 'running',
    status: 0,
    headers: {},
    body: '',
    created_at: timestamp(clock),
    expires: now + ABANDONED_MS,
  }
  const first = !RUNNING.has(current)
  RUNNING.add(current)
  let admitted = false
  try {
    admitted = await records.commit([
      found === null
        ? { op: 'insert', collection: 'idempotency', record }
        : { op: 'update', collection: 'idempotency', record, version: found.version },
    ])
  } finally {
    if (!admitted && first) RUNNING.delete(current)
  }
  if (!admitted) throw twinRuns()
  return { kind: 'run', record, version: (found?.version ?? 0) + 1 }
}

/** The request has its answer, or failed. */
export function endKeyed({ record }: Admitted): void {
  RUNNING.delete(`${record.owner} ${record.id}`)
}

function twinRuns(): TersorError {
  return new TersorError(
    'idempotency_conflict',
    'the first request with this key has no answer yet',
    {
      headers: { 'retry-after': '1' },
    },
  )
}

/**
 * What keeps the answer: to be committed together with what the request made, so that no crash comes between.
 * @param fingerprint sha256 of what was asked: URL and body
 */
export function answerWrites(
  { clock }: Pick<KeyContext, 'clock'>,
  { record, version }: Omit<Admitted, 'kind'>,
  fingerprint: string,
  answer: KeptAnswer,
): readonly Write[] {
  const done: IdempotencyRecord = {
    ...record,
    ...answer,
    fingerprint,
    state: 'done',
    expires: clock.now() + RETENTION_MS,
  }
  return [{ op: 'update', collection: 'idempotency', record: done, version }]
}

/** Keeps the last answer of a request, whether or not one was kept with what it made. */
export async function keepAnswer(
  context: KeyContext,
  { record, version }: Admitted,
  fingerprint: string,
  answer: KeptAnswer,
): Promise<void> {
  const keep = (current: number): Promise<boolean> =>
    context.records.commit(answerWrites(context, { record, version: current }, fingerprint, answer))
  if (await keep(version)) return
  const found = await context.records.get('idempotency', record.id)
  const ours = found?.record.state === 'done' && found.record.owner === record.owner
  if (ours && found.version === version + 1) await keep(found.version)
}

/**
 * Forgets requests that a process which died was running: nothing was made under their keys, or their answers were kept with it.
 * Only for a process that has the records to itself.
 */
export async function forgetAbandoned({ records }: Pick<KeyContext, 'records'>): Promise<void> {
  for (;;) {
    const found = await records.list('idempotency', { where: { state: 'running' }, limit: BATCH })
    if (found.length === 0) return
    await records.commit(
      found.map(
        ({ record }) => ({ op: 'delete', collection: 'idempotency', id: record.id }) as const,
      ),
    )
  }
}

/**
 * The request failed: the key may be used again. A commit that made something and was applied, or will be, although it
 * seemed to fail has kept its answer, or finds another version here and is refused: it never happens beside a second one.
 */
export async function forgetKeyed(
  { records }: Pick<KeyContext, 'records'>,
  { record, version }: Admitted,
): Promise<void> {
  await records.commit([
    { op: 'update', collection: 'idempotency', record: { ...record, expires: 0 }, version },
  ])
}
