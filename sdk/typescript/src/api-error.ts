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
