// An attempt at a job whose lease is held throughout.

import type { ServiceContext } from '#src/services/service-context'
import { beginAttempt } from '#workers/tasks/begin-attempt'
import type { JobAttempt } from '#workers/tasks/job-attempt'

export const HELD = new AbortController().signal

export async function begunAttempt(service: ServiceContext, job: string): Promise<JobAttempt> {
  const attempt = await beginAttempt(service, job, HELD)
  if (typeof attempt === 'string') throw new Error(`the job does not start: ${attempt}`)
  return attempt
}
