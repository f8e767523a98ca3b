// A job from claim to commit: inputs into a fresh folder, the work in a child, the results as blobs, one commit.

import { ChildFailure } from '#workers/sandbox/child-failure'
import type { CompressResult } from '#workers/sandbox/protocol'
import type { Child } from '#workers/sandbox/spawn-child'
import type { WorkerContext } from '#workers/worker-context'
import type { JobAttempt } from './job-attempt.ts'
import { answerFromEarlier } from './answer-from-earlier.ts'
import { beginAttempt, requeue } from './begin-attempt.ts'
import { AttemptLost, canceledJob } from './job-attempt.ts'
import type { JobLogWriter } from './job-log-writer.ts'
import { openJobLog } from './job-log-writer.ts'
import { goalError, jobError, summaryOf } from './job-outcome.ts'
import { progressWriter } from './job-progress.ts'
import { measurePeakMemory } from './measure-peak-memory.ts'
import { openJobCheckpoints } from './job-checkpoints.ts'
import { prepareRequest } from './prepare-request.ts'
import { storeArtifacts } from './store-artifacts.ts'
import { CANCELED, DRAINED, watchJob } from './watch-job.ts'

/** `drain` aborts when this worker must stop: the job goes back to the queue. `lost` aborts when the lease is gone. */
export interface TaskSignals {
  /** Aborts when this worker has been told to stop: `drain` follows, unless the job ends before. */
  readonly stopping: AbortSignal
  readonly drain: AbortSignal
  readonly lost: AbortSignal
}

/** Until it is known whether the workers that had the job are dead. */
const LATER_MS = 2000

export interface CompressOutcome {
  /** Epoch milliseconds from which the job may be claimed again; `null` when its queue entry is done with. */
  readonly next: number | null
}

const DONE: CompressOutcome = { next: null }

export async function compress(
  context: WorkerContext,
  id: string,
  signals: TaskSignals,
): Promise<CompressOutcome> {
  const attempt = await beginAttempt(context.service, id, signals.lost)
  if (attempt === 'over') return DONE
  if (attempt === 'later') return { next: context.service.clock.now() + LATER_MS }
  const log = await openJobLog(context.service, attempt.job)
  log.add(`attempt ${attempt.job.attempt} starts`)
  try {
    if (await answerFromEarlier(context.service, attempt, log)) return DONE
    await runAttempt(context, attempt, log, signals)
    return DONE
  } catch (error) {
    if (error instanceof AttemptLost) return DONE
    if (error === DRAINED) return (await handBack(context, id, attempt)) ? { next: 0 } : DONE
    if (error === CANCELED) await attempt.end(canceledJob)
    else await failJob(context, attempt, log, error)
    return DONE
  } finally {
    await log.flush()
  }
}

async function runAttempt(
  context: WorkerContext,
  attempt: JobAttempt,
  log: JobLogWriter,
  signals: TaskSignals,
): Promise<void> {
  const { service, children } = context
  const checkpoints = await openJobCheckpoints(context, attempt, log, (error) => watch.stop(error))
  const watch = await watchJob(context, attempt, signals)
  const progress = progressWriter(
    attempt,
    () => service.clock.now(),
    (job) => void service.feed.publish({ job: job.id, kind: 'changed' }),
    (error) => watch.stop(error),
  )
  const disposable: Child[] = []
  let asked = 0
  let trial = 'none'
  const lethal: string[] = []
  try {
    const run = async (crashed: boolean): Promise<{ child: Child; result: CompressResult }> => {
      const child = await children.acquire('compress')
      disposable.push(child)
      const found = await checkpoints.fetch(child.folder)
      const died = { crashed, lethal }
      const request = await prepareRequest(context, attempt.job, child.folder, died, found)
      asked = performance.now()
      const result = await child.run(request, {
        signal: watch.signal,
        checkpointNow: signals.stopping,
        onMessage: (message) => {
          if (message.kind === 'progress') progress.report(message)
          if (message.kind === 'log') log.add(message.line)
          if (message.kind === 'trial') trial = message.name
          if (message.kind === 'checkpoint') checkpoints.take(message)
        },
      })
      return { child, result: result as CompressResult }
    }
    /**
     * A child that died is followed by one more, and by another for as long as each leaves a newer checkpoint behind or died in
     * a trial that the next one leaves out.
     */
    const runOn = async (crashed: boolean): Promise<{ result: CompressResult }> => {
      const { stored } = checkpoints
      return await run(crashed).catch(async (error: unknown) => {
        if (!(error instanceof ChildFailure) || !error.crashed || watch.signal.aborted) throw error
        await checkpoints.settle()
        const isAvoidable = trial !== 'none' && !lethal.includes(trial)
        if (isAvoidable) lethal.push(trial)
        trial = 'none'
        if (crashed && !isAvoidable && checkpoints.stored === stored) throw error
        log.add(`${error.message}; one more try`)
        return await runOn(true)
      })
    }
    const { result } = await runOn(false)
    const computed = performance.now()
    const report = await measurePeakMemory(children, result, watch.signal)
    const measured = performance.now()
    log.add(
      `computed in ${(computed - asked).toFixed(0)} ms, peak memory measured in ${(measured - computed).toFixed(0)} ms`,
    )
    await progress.stop()
    watch.signal.throwIfAborted()
    // Nothing is measured any more, and storing waits for others: the next job's children start meanwhile.
    children.refill()
    await publish(context, attempt, log, { ...result, report })
  } finally {
    await progress.stop()
    if (watch.signal.reason === DRAINED) await checkpoints.settle()
    checkpoints.stop()
    watch.close()
    // Removing folders must not keep the result waiting.
    void Promise.allSettled(disposable.map((child) => child.dispose()))
    children.refill()
  }
}

async function publish(
  context: WorkerContext,
  attempt: JobAttempt,
  log: JobLogWriter,
  result: CompressResult,
): Promise<void> {
  const { report, files } = result
  log.add('the results are stored')
  const missed =
    report.goal !== null && !report.goal.met && attempt.job.spec.goal?.on_miss === 'fail'
  const stored = await storeArtifacts(context, attempt.job, missed ? [] : files, report, log.text())
  try {
    await attempt.end(
      (job) => ({
        ...job,
        status: missed ? 'failed' : 'succeeded',
        stage: missed ? 'failed' : 'succeeded',
        progress: {
          ...job.progress,
          fraction: 1,
          step: job.progress.steps,
          message: 'done',
          eta_seconds: 0,
        },
        error: missed ? goalError(report, job) : null,
        summary: summaryOf(report),
        artifacts: stored.artifacts.map((artifact) => artifact.id),
      }),
      stored.writes,
    )
  } finally {
    stored.release()
  }
}

async function failJob(
  context: WorkerContext,
  attempt: JobAttempt,
  log: JobLogWriter,
  cause: unknown,
): Promise<void> {
  const error = jobError(attempt.job, cause)
  if (error.code === 'internal_error')
    context.log.error({ err: cause, job: attempt.job.id }, 'a job failed on our side')
  log.add(`failed: ${error.code}: ${error.message}`)
  const stored = await storeArtifacts(context, attempt.job, [], null, log.text())
  try {
    await attempt.end(
      (job) => ({
        ...job,
        status: 'failed',
        progress: { ...job.progress, message: 'failed', eta_seconds: null },
        error,
        artifacts: stored.artifacts.map((artifact) => artifact.id),
      }),
      stored.writes,
    )
  } catch (lost) {
    if (!(lost instanceof AttemptLost)) throw lost
  } finally {
    stored.release()
  }
}

/** The worker is being stopped: the job waits for the next one. False when it is not ours any more. */
async function handBack(context: WorkerContext, id: string, attempt: JobAttempt): Promise<boolean> {
  const found = await context.service.records.get('job', id)
  if (
    found === null ||
    found.record.attempt !== attempt.job.attempt ||
    found.record.status !== 'running'
  )
    return false
  return await requeue(context.service, found, 'the worker is being stopped')
}
