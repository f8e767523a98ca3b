// Prefer: wait=N (RFC 7240): the answer may come up to N seconds later, as soon as the job is terminal.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { TersorError } from '#src/domain/errors'
import type { JobRecord } from '#src/domain/job'
import { isTerminal } from '#src/domain/job'
import { waitForJob } from '#src/services/jobs'
import type { RouteContext } from '../../route.ts'

const LONGEST_SECONDS = 60

/** Seconds, 0 without the preference. @throws TersorError invalid_parameter */
export function preferredWait(request: FastifyRequest): number {
  const header = String(request.headers.prefer ?? '')
  const wait = /(?:^|,) *wait=([^,;]*)/i.exec(header)?.[1]
  if (wait === undefined) return 0
  const seconds = /^\d{1,3}$/.test(wait) ? Number(wait) : 0
  if (seconds >= 1 && seconds <= LONGEST_SECONDS) return seconds
  throw new TersorError('invalid_parameter', `Prefer: wait must be 1 to ${LONGEST_SECONDS} seconds`)
}

export async function waitAsPreferred(
  { service, closing }: RouteContext,
  tenant: string,
  record: JobRecord,
  seconds: number,
  reply: FastifyReply,
): Promise<{ readonly record: JobRecord; readonly headers: Readonly<Record<string, string>> }> {
  if (seconds === 0) return { record, headers: {} }
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  reply.raw.once('close', leave)
  try {
    const signal = AbortSignal.any([gone.signal, closing])
    const later = isTerminal(record.status)
      ? record
      : await waitForJob(service, tenant, record.id, seconds * 1000, signal)
    return { record: later, headers: { 'preference-applied': `wait=${seconds}` } }
  } finally {
    reply.raw.off('close', leave)
  }
}
