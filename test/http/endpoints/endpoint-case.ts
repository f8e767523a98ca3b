// What is tried on one endpoint: a request that succeeds and one that is refused.

import type { Reply } from '#test/support/running-service'
import type { EndpointService } from './endpoint-service.ts'

export interface EndpointCase {
  readonly good: (service: EndpointService) => Promise<Reply>
  readonly status: number
  readonly check?: (reply: Reply, service: EndpointService) => void
  readonly bad: (service: EndpointService) => Promise<Reply>
  readonly refusal: readonly [status: number, code: string]
}

/** By operation id. */
export type EndpointCases = Readonly<Record<string, EndpointCase>>

/** A well-formed id that nothing has. */
export const missing = (kind: string): string => `${kind}_${'0'.repeat(26)}`

export const notFound = [404, 'not_found'] as const
