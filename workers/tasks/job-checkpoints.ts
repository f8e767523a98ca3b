// Checkpoints of a job on their way between the child, the store and the job's record: the newest of each training.

import { join } from 'node:path'
import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { CheckpointRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import { checkpointsOf, dropCheckpointBytes } from '#src/services/checkpoints'
import type { ServiceContext } from '#src/services/service-context'
import { patiently } from '#workers/patience'
import type { CheckpointFile, ChildMessage } from '#workers/sandbox/protocol'
import type { WorkerContext } from '#workers/worker-context'
import type { JobAttempt } from './job-attempt.ts'
import { AttemptLost } from './job-attempt.ts'
import type { JobLogWriter } from './job-log-writer.ts'

type CheckpointMessage = Extract<ChildMessage, { kind: 'checkpoint' }>

export interface JobCheckpoints {
  /** How many were stored since `openJobCheckpoints`. */
  readonly stored: number
  /** Those there are, as files in this folder. */
  fetch(folder: string): Promise<CheckpointFile[]>
  /** Stores the file soon; one that comes while another is stored replaces the one that waits. */
  take(message: CheckpointMessage): void
  /** Waits until what was taken is stored. */
  settle(): Promise<void>
  /** What is not stored yet is not needed any more. */
  stop(): void
}

/** `onLost` is called when the record is no longer ours. */
export async function openJobCheckpoints(
  context: WorkerContext,
  attempt: JobAttempt,
  log: JobLogWriter,
  onLost: (error: Error) => void,
): Promise<JobCheckpoints> {
  const { service } = context
  const known = new Map<number, CheckpointRecord>()
  for (const record of await checkpointsOf(service.records, attempt.job)) {
    known.set(record.training, record)
  }
  const waiting = new Map<number, CheckpointMessage>()
  let storing: Promise<void> | null = null
  let stored = 0
  let stopped = false

  async function storeAll(): Promise<void> {
    for (const [training, message] of waiting) {
      waiting.delete(training)
      if (!stopped) await store(message)
      await context.files.remove(message.path)
    }
    if (waiting.size > 0) await storeAll()
  }

  async function store(message: CheckpointMessage): Promise<void> {
    const { training, step } = message
    try {
      const record = await storeBytes(context, attempt, message)
      const replaced = [...known.values()].filter((one) => one.training === training)
      try {
        const ids = replaced.map(({ id }) => id)
        await attempt.keepCheckpoint(record, ids)
      } catch (error) {
        if (error instanceof AttemptLost) await dropUnlessNamed(service, record)
        throw error
      } finally {
        service.pins.unpin(record.sha256)
      }
      known.set(training, record)
      stored += 1
      log.add(`checkpoint of step ${step} stored: ${record.size_bytes} bytes`)
      await dropCheckpointBytes(service, replaced)
    } catch (error) {
      if (stopped) return
      if (error instanceof AttemptLost) onLost(error)
      else {
        context.log.warn({ err: error, job: attempt.job.id }, 'a checkpoint could not be stored')
        log.add(`the checkpoint of step ${step} could not be stored; training goes on`)
      }
    }
  }

  return {
    get stored() {
      return stored
    },
    fetch: async (folder) => {
      const files = await Promise.all(
        [...known.values()].map(async ({ training, step, sha256 }) => {
          const path = join(folder, `checkpoint-${training}`)
          const problem = await service.blobs.download(sha256, path).then(() => null, problemOf)
          if (problem === null) return [{ training, step, path, sha256 }]
          log.add(`the checkpoint of step ${step} is ${problem}, training starts over`)
          return []
        }),
      )
      return files.flat()
    },
    take: (message) => {
      const older = waiting.get(message.training)
      if (older !== undefined) void context.files.remove(older.path)
      waiting.set(message.training, message)
      storing ??= storeAll().finally(() => {
        storing = null
      })
    },
    settle: async () => {
      while (storing !== null) await storing
    },
    stop: () => {
      stopped = true
    },
  }
}

/**
 * A commit whose answer got lost may have been applied before the attempt was: the next one goes on from that checkpoint.
 * Once the attempt is lost no commit of it is applied any more, so what is not recorded now never will be.
 */
async function dropUnlessNamed(service: ServiceContext, record: CheckpointRecord): Promise<void> {
  const found = await service.records.get('checkpoint', record.id)
  if (found === null) await dropCheckpointBytes(service, [record])
}

/** What is not there cannot be waited for; anything else is the job's failure. */
function problemOf(error: unknown): string {
  if (error instanceof TersorError && error.code === 'not_found') return 'gone'
  throw error
}

/** Pinned: the caller lets go of the bytes once their record is written. */
async function storeBytes(
  { service, patience, files }: WorkerContext,
  { job }: JobAttempt,
  { training, step, path }: CheckpointMessage,
): Promise<CheckpointRecord> {
  const { key, size } = await patiently(patience, () =>
    service.blobs.put(files.read(path), { maxBytes: Number.MAX_SAFE_INTEGER }),
  )
  service.pins.pin(key)
  return {
    id: newId('checkpoint', service.clock.now()),
    tenant: job.tenant,
    job: job.id,
    attempt: job.attempt,
    training,
    step,
    size_bytes: size,
    sha256: key,
    created_at: timestamp(service.clock),
  }
}
