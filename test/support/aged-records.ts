// Records of any age, put straight into the store.

import { firstIdAt } from '#src/domain/id'
import type { JobRecord, JobStatus } from '#src/domain/job'
import { isTerminal } from '#src/domain/job'
import type { ArtifactRecord, EventRecord, LogRecord } from '#src/domain/records'
import { NO_NEEDS } from '#src/domain/worker'
import { jobSpec } from '#src/recipes/job-spec'

export const TENANT = 'one'

const iso = (time: number): string => new Date(time).toISOString()

/** A job created at `time` that ended, if it did, a second later. */
export function agedJob(
  time: number,
  status: JobStatus,
  change: Partial<JobRecord> = {},
): JobRecord {
  const model = change.model ?? firstIdAt('model', 1)
  return {
    id: firstIdAt('job', time),
    tenant: TENANT,
    status,
    stage: status,
    progress: { fraction: 1, step: 1, steps: 1, message: '', eta_seconds: null },
    attempt: 1,
    worker: null,
    left_by: [],
    takeovers: 0,
    spec: jobSpec.parse({ model, steps: [{ type: 'simplify' }] }),
    model,
    needs: NO_NEEDS,
    created_at: iso(time),
    started_at: iso(time + 500),
    finished_at: isTerminal(status) ? iso(time + 1000) : null,
    error: null,
    summary: null,
    artifacts: [],
    checkpoints: [],
    artifacts_expired_at: null,
    reused_from: null,
    fingerprint: 'f',
    ...change,
  }
}

export function agedArtifact(
  time: number,
  job: string,
  kind: ArtifactRecord['kind'],
  sha256: string,
): ArtifactRecord {
  return {
    id: firstIdAt('artifact', time),
    tenant: TENANT,
    job,
    kind,
    filename: `${kind}.bin`,
    media_type: 'application/octet-stream',
    size_bytes: 1,
    sha256,
    created_at: iso(time),
  }
}

export function agedEvent(time: number, job: string): EventRecord {
  return {
    id: firstIdAt('event', time),
    tenant: TENANT,
    job,
    type: 'job.started',
    message: '',
    data: {},
    created_at: iso(time),
  }
}

export function logLines(job: string, first: number, lines: readonly string[]): LogRecord {
  return { id: `${job}.${String(first).padStart(10, '0')}`, tenant: TENANT, job, first, lines }
}
