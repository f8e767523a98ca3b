// Who calls: an API key, or nobody on a loopback address while no key exists.

import type { FastifyRequest } from 'fastify'
import { TersorError } from '#src/domain/errors'
import { anyApiKey, DEFAULT_TENANT, findApiKey } from '#src/services/api-keys'
import type { Access, RouteContext } from '../route.ts'
import { checkHost } from './check-host.ts'

export interface Caller {
  readonly tenant: string
  /** What rate limits count by. */
  readonly key: string
}

const ANYBODY: Caller = { tenant: DEFAULT_TENANT, key: 'none' }

/** @throws TersorError unauthorized, forbidden */
export async function authenticate(
  request: FastifyRequest,
  access: Access,
  { service, config }: RouteContext,
): Promise<Caller> {
  if (access === 'public') return ANYBODY
  const header = request.headers.authorization
  if (header === undefined) {
    if (config.loopback && !(await anyApiKey(service))) {
      checkHost(request.headers.host, config.host)
      return ANYBODY
    }
    throw unauthorized('send the header Authorization: Bearer tsr_…')
  }
  const key = /^Bearer +(\S+)$/i.exec(header)?.[1]
  if (key === undefined) throw unauthorized('the header must be Authorization: Bearer tsr_…')
  const record = await findApiKey(service, key)
  if (record === null) throw unauthorized('the API key is not valid')
  if (!record.scopes.includes(access)) {
    throw new TersorError('forbidden', `the API key lacks the scope '${access}'`)
  }
  return { tenant: record.tenant, key: record.id }
}

function unauthorized(detail: string): TersorError {
  return new TersorError('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer' } })
}
