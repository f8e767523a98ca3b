// A worker of a schedule: the real runner and tasks, with children that end as chance will have it.

import type { Logger } from 'pino'
import type { JobStatus } from '#src/domain/job'
import type { Report } from '#src/domain/report'
import type { ServiceContext } from '#src/services/service-context'
import type { ChildFiles } from '#workers/child-files'
import { startRunner } from '#workers/runner'
import type { Runner } from '#workers/runner'
import { ChildFailure } from '#workers/sandbox/child-failure'
import type { ChildPool } from '#workers/sandbox/pool'
import type { CompressRequest, CompressResult } from '#workers/sandbox/protocol'
import type { Child, RunOptions } from '#workers/sandbox/spawn-child'
import { workerContext } from '#workers/worker-context'
import type { Actor } from './scheduler.ts'
import type { World } from './world.ts'

const silent = (): void => undefined
const LOG = { debug: silent, info: silent, warn: silent, error: silent } as unknown as Logger

const HELD: readonly JobStatus[] = ['running', 'canceling']

/** A file's text is its path. */
const FILES: ChildFiles = {
  async *read(path) {
    yield Buffer.from(path)
  },
  remove: async () => undefined,
}

/** `die`: what a job that kills workers does at its end. */
export function startWorkerProcess(
  world: World,
  actor: Actor,
  service: ServiceContext,
  die: () => void,
): Runner {
  const context = workerContext({
    service,
    children: simulatedChildren(world, actor, die),
    files: FILES,
    log: LOG,
    capabilities: { accelerators: ['cpu'], memory_bytes: 2 ** 33, revision: 1 },
    maxJobSeconds: 3600,
    checkpointSeconds: 60,
    giveUp: new AbortController().signal,
  })
  return startRunner(context, { places: 1, webhookPlaces: 0 })
}

function simulatedChildren(world: World, actor: Actor, die: () => void): ChildPool {
  const { scheduler, judge } = world
  const point = (label: string): Promise<void> =>
    new Promise((resolve) => scheduler.add(actor, label, resolve))

  async function compute(
    request: CompressRequest,
    { onMessage, signal, checkpointNow }: RunOptions,
  ): Promise<CompressResult> {
    const { job } = request
    const attempt = judge.attemptOf(actor, job)
    const [found] = request.checkpoints.found
    let step = found?.step ?? 0
    const now = judge.jobs.get(job)
    // One that lost the job and does not know it yet begins for nothing, anywhere.
    if (now?.attempt === attempt && HELD.includes(now.status)) judge.checkpoints.began(job, step)
    const writeCheckpoint = (): void => {
      step += 1
      const path = `checkpoint of step ${step} by ${actor.name}, ${scheduler.random()}`
      onMessage?.({ kind: 'checkpoint', training: 0, step, path })
    }
    let ended = false
    const onAsked = (): void =>
      scheduler.add(actor, 'child was asked', () => {
        if (!ended) writeCheckpoint()
      })
    if (world.checkpointShare > 0) checkpointNow?.addEventListener('abort', onAsked, { once: true })
    while (scheduler.chance(world.reportShare)) {
      await point('child reports')
      if (signal.aborted) break
      onMessage?.({
        kind: 'progress',
        stage: 'simplify',
        step: 1,
        steps: 1,
        fraction: scheduler.random(),
        message: '',
        etaSeconds: null,
      })
      if (scheduler.chance(world.checkpointShare)) writeCheckpoint()
      if (scheduler.chance(0.5)) onMessage?.({ kind: 'log', line: 'working' })
    }
    await point('child ends')
    ended = true
    checkpointNow?.removeEventListener('abort', onAsked)
    if (scheduler.chance(world.deadlyShare)) {
      die()
      await new Promise(() => undefined)
    }
    if (scheduler.chance(0.1)) throw new ChildFailure('step_failed', 'simplify', 'simulated')
    if (scheduler.chance(0.1)) {
      throw new ChildFailure('runtime_crashed', 'simplify', 'simulated', true)
    }
    const change = { compression_ratio: 2, speedup: 1, metric_drop: null }
    const report = { attempt, change, warnings: [], goal: null } as unknown as Report
    return { task: 'compress', report, files: [], probes: null }
  }

  const child: Child = {
    folder: '/nowhere',
    run: (request, options) =>
      new Promise((resolve, reject) => {
        const { signal } = options
        const abort = (): void => reject(signal.reason as Error)
        signal.addEventListener('abort', abort)
        if (signal.aborted) abort()
        compute(request as CompressRequest, options).then(resolve, reject)
      }),
    dispose: async () => undefined,
  }
  return {
    acquire: async () => {
      await point('child starts')
      return child
    },
    refill: silent,
    close: async () => undefined,
  }
}
