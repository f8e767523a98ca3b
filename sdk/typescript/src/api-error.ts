// An answer of the service other than success.

import type { components } from './schema.ts'

type Problem = components['schemas']['Problem']

/** An answer other than success, with what the service said about it. */
export class TersorApiError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`)
    this.name = 'TersorApiError'
    this.problem = problem
  }
}

/** What an answer says; of one that is not of this API, as a proxy's, what can be told. */
export async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null
  if (typeof body?.code === 'string') return body as Problem
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: 'the answer is not one of this API; is there a proxy on the way?',
    instance: new URL(response.url).pathname,
    code: 'unknown',
    errors: [],
    request_id: response.headers.get('request-id') ?? '',
    retryable: response.status >= 500,
  }
}
