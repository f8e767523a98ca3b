// Claims work and runs it: compressions in as many places as configured, webhooks beside them, a sweep now and then.

import { setMaxListeners } from 'node:events'
import type { Claim, TaskKind } from '#src/ports/job-queue'
import { pause } from './pause.ts'
import { compress } from './tasks/compress.ts'
import type { TaskSignals } from './tasks/compress.ts'
import { slowWork } from './slow-work.ts'
import { deliverWebhook } from './tasks/deliver-webhook.ts'
import { sweeper } from './tasks/sweep.ts'
import { webhookAgent } from './tasks/webhook-connector.ts'
import type { WorkerContext } from './worker-context.ts'

export interface RunnerOptions {
  /** Jobs that run at the same time. */
  readonly places: number
  /** Deliveries that begin at the same time. */
  readonly webhookPlaces?: number
}

export interface Runner {
  /** Claims nothing more, gives running jobs this long, then hands them back to the queue. */
  close(graceMs: number): Promise<void>
}

/** A worker that is killed holds its work for this long at most. */
const LEASE_MS = 8000
const RENEW_MS = 2000
const SWEEP_MS = 5000
const WEBHOOK_PLACES = 32
/** A delivery whose receiver takes longer gives its place to the next and goes on beside, with this many others. */
const SLOW_DELIVERY_MS = 1000
const SLOW_DELIVERIES = 512
const PAUSE_AFTER_ERROR_MS = 1000

export function startRunner(
  context: WorkerContext,
  { places, webhookPlaces = WEBHOOK_PLACES }: RunnerOptions,
): Runner {
  const { queue } = context.service
  const sweep = sweeper(context)
  const idle = new AbortController()
  const drain = new AbortController()
  // Every place listens.
  setMaxListeners(0, idle.signal, drain.signal)
  const agent = webhookAgent(context.service.options.webhookAllow)

  const handlers: Record<TaskKind, (claim: Claim, signals: TaskSignals) => Promise<void>> = {
    compress: async (claim, signals) => {
      const { next } = await compress(context, claim.id, signals)
      if (next === null) await queue.complete(claim)
      else await queue.release(claim, next)
    },
    'deliver-webhook': async (claim, signals) => {
      const { next } = await deliverWebhook(context, agent, claim.id, signals)
      if (next === null) await queue.complete(claim)
      else await queue.release(claim, next)
    },
  }

  const slow = slowWork(SLOW_DELIVERY_MS, SLOW_DELIVERIES, (error) =>
    context.log.error({ err: error, kind: 'deliver-webhook' }, 'a task failed'),
  )

  async function work(kind: TaskKind): Promise<void> {
    while (!idle.signal.aborted) {
      try {
        const claim = await queue.claim(kind, context.capabilities, LEASE_MS, idle.signal)
        if (claim === null) continue
        if (kind === 'deliver-webhook') await slow.wait(handle(claim))
        else await handle(claim)
      } catch (error) {
        context.log.error({ err: error, kind }, 'a task failed')
        await pause(PAUSE_AFTER_ERROR_MS, idle.signal)
      }
    }
  }

  let busy = 0

  async function handle(claim: Claim): Promise<void> {
    if (claim.kind === 'compress') busy += 1
    const lost = new AbortController()
    const renewal = setInterval(() => {
      queue.renew(claim, LEASE_MS).then(
        (ours) => {
          if (!ours) lost.abort()
        },
        (error: unknown) => context.log.warn({ err: error }, 'a lease could not be renewed'),
      )
    }, RENEW_MS)
    try {
      await handlers[claim.kind](claim, {
        stopping: idle.signal,
        drain: drain.signal,
        lost: lost.signal,
      })
    } finally {
      clearInterval(renewal)
      if (claim.kind === 'compress') busy -= 1
    }
  }

  async function sweepNowAndThen(): Promise<void> {
    while (!idle.signal.aborted) {
      if (context.service.peers.isFirstWorker()) {
        await sweep().catch((error: unknown) =>
          context.log.error({ err: error }, 'the sweep failed'),
        )
      }
      await pause(SWEEP_MS, idle.signal)
    }
  }

  const loops = [
    ...Array.from({ length: places }, () => work('compress')),
    ...Array.from({ length: webhookPlaces }, () => work('deliver-webhook')),
    sweepNowAndThen(),
  ]
  context.service.peers.describeWorker(() => ({
    capabilities: context.capabilities,
    places,
    busy,
    draining: idle.signal.aborted,
  }))
  return {
    close: async (graceMs) => {
      idle.abort()
      await context.service.peers.tell()
      const timer = setTimeout(() => drain.abort(), graceMs)
      await Promise.all(loops)
      await slow.rest()
      clearTimeout(timer)
      await agent.close()
    },
  }
}
