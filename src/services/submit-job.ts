// From a parsed request to a queued job. The record is committed before anything is queued: the queue may forget, the record does not.

import type { FieldError } from '#src/domain/errors'
import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { JobRecord } from '#src/domain/job'
import type { DeliveryRecord } from '#src/domain/webhook'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import type { JobSpec } from '#src/recipes/job-spec'
import { listedSteps } from '#src/recipes/listed-steps'
import { waitingMessage } from './absent-worker.ts'
import { checkJob } from './check-job.ts'
import { jobEntry } from './queue-entries.ts'
import { jobFingerprint } from './job-fingerprint.ts'
import type { JobInputs } from './job-inputs.ts'
import { jobNeeds } from './job-needs.ts'
import type { ServiceContext } from './service-context.ts'
import { enqueueDeliveries } from './webhooks/fan-out.ts'
import { jobNews } from './webhooks/job-news.ts'

/**
 * `alongside`: further writes of the same commit.
 * @throws TersorError with every fault that is known before running
 */
export async function submitJob(
  context: ServiceContext,
  tenant: string,
  spec: JobSpec,
  alongside: (job: JobRecord) => Promise<readonly Write[]> = async () => [],
): Promise<JobRecord> {
  const { inputs, faults } = await checkJob(context, tenant, spec)
  if (inputs === null || faults.length > 0) throw refusal(faults)
  const job = queuedJob(context, tenant, spec, inputs)
  const news = await jobNews(context, job, 1, 'job.queued', 'the job is queued', {})
  const more = await alongside(job)
  const done = await context.records.commit([
    { op: 'insert', collection: 'job', record: job },
    ...news.writes,
    ...more,
  ])
  if (!done)
    throw new TersorError('unavailable', 'another request changed the same records; send it again')
  void announce(context, job, news.deliveries)
  return job
}

/**
 * The caller need not wait: the record is durable, and a queue that fails now, or a process that dies, is made good by
 * the sweeper, which queues what the records hold.
 */
async function announce(
  context: ServiceContext,
  job: JobRecord,
  deliveries: readonly DeliveryRecord[],
): Promise<void> {
  try {
    await context.queue.enqueue(jobEntry(job))
    await context.feed.publish({ job: job.id, kind: 'event' })
    await enqueueDeliveries(context, deliveries)
  } catch {
    return
  }
}

function queuedJob(
  context: ServiceContext,
  tenant: string,
  spec: JobSpec,
  inputs: JobInputs,
): JobRecord {
  const { clock, options } = context
  const needs = jobNeeds(spec, inputs, options.maxJobMemoryBytes)
  const manifest = {
    model_sha256: inputs.model.sha256,
    calibration_sha256: inputs.calibration?.sha256 ?? null,
    evaluation_sha256: inputs.evaluation?.sha256 ?? null,
    train_sha256: inputs.train?.sha256 ?? null,
    models_sha256: Object.fromEntries([...inputs.others].map(([id, { sha256 }]) => [id, sha256])),
    tersor: options.version,
  }
  return {
    id: newId('job', clock.now()),
    tenant,
    status: 'queued',
    stage: 'queued',
    progress: {
      fraction: 0,
      step: 0,
      steps: listedSteps(spec).length,
      message: waitingMessage(context.peers, needs),
      eta_seconds: null,
    },
    attempt: 0,
    worker: null,
    left_by: [],
    takeovers: 0,
    spec: { ...spec, manifest },
    model: inputs.model.id,
    needs,
    created_at: timestamp(clock),
    started_at: null,
    finished_at: null,
    error: null,
    summary: null,
    artifacts: [],
    checkpoints: [],
    artifacts_expired_at: null,
    reused_from: null,
    fingerprint: jobFingerprint(spec, inputs, options.version),
  }
}

function refusal(faults: readonly FieldError[]): TersorError {
  const [first] = faults
  if (first === undefined) return new TersorError('internal_error', 'the job was refused')
  const more = faults.length === 1 ? '' : ` (and ${faults.length - 1} more)`
  return new TersorError(first.code, `${first.detail}${more}`, { errors: faults })
}
