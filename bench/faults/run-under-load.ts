// The frame of most rows: jobs are sent and run while the fault strikes again and again, then everything must hold.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Expectations } from './check.ts'
import { checkInvariants } from './check.ts'
import type { Cluster, ClusterOptions } from './cluster.ts'
import { startCluster } from './cluster.ts'
import type { FaultContext, FaultResult } from './fault.ts'
import { jobBody, uploadSmallModel } from './work.ts'

export interface LoadPlan {
  readonly cluster: Partial<Omit<ClusterOptions, 's3'>>
  /** Timed inferences of each job: the more, the longer it runs. */
  readonly runs: number
  /** Jobs in flight all the time. */
  readonly inFlight: number
  /** Strikes once, and puts right what must be put right. Gives whether something was there to lose. */
  readonly strike: (cluster: Cluster, context: FaultContext, round: number) => Promise<boolean>
  /** Random wait before each strike, ms. */
  readonly between: readonly [number, number]
  readonly expect: Partial<Expectations>
  /** Called at the end for what this row measures. */
  readonly measure?: (cluster: Cluster) => Promise<string>
}

/** What the processes themselves say of failures that are theirs. */
function noteFailures({ apis, workers }: Cluster, context: FaultContext): void {
  for (const one of [...apis, ...workers]) {
    const lines = one.lastWords.split('\n').filter((line) => /"level":50|on our side/.test(line))
    for (const line of lines) context.note(`${one.role}: ${line}`)
  }
}

const WITHIN_MS = 180_000

export async function runUnderLoad(context: FaultContext, plan: LoadPlan): Promise<FaultResult> {
  const cluster = await startCluster({ s3: context.s3, apis: 1, workers: 2, ...plan.cluster })
  const violations: string[] = []
  let struck = 0
  let over = false
  try {
    const models = {
      one: await uploadSmallModel(cluster.clients.one),
      two: await uploadSmallModel(cluster.clients.two),
    }
    const stream = async (tenant: 'one' | 'two'): Promise<void> => {
      const client = cluster.clients[tenant]
      while (!over) {
        try {
          const id = await client.submit(jobBody(cluster, models[tenant], plan.runs))
          await client.ended(id, WITHIN_MS)
        } catch (error) {
          violations.push(String(error))
          return
        }
      }
    }
    const streams = Array.from({ length: plan.inFlight }, (_, index) =>
      stream(index % 2 === 0 ? 'one' : 'two'),
    )
    for (let round = 0; round < context.times; round += 1) {
      await sleep(context.random.integer(...plan.between))
      if (await plan.strike(cluster, context, round)) struck += 1
    }
    over = true
    await Promise.all(streams)
    violations.push(
      ...(await checkInvariants(cluster, {
        withinMs: WITHIN_MS,
        endings: ['succeeded'],
        attempts: context.times + 1,
        ...plan.expect,
      })),
    )
    if (violations.length > 0) noteFailures(cluster, context)
    const measured = (await plan.measure?.(cluster)) ?? ''
    return { struck, atStake: cluster.history.accepted.length, violations, measured }
  } catch (error) {
    over = true
    for (const one of [...cluster.apis, ...cluster.workers]) {
      if (one.lastWords !== '') context.note(`${one.role}: ${one.lastWords}`)
    }
    throw error
  } finally {
    over = true
    await cluster.close()
  }
}
