// One schedule: clients, API processes and workers under a seed, faults for a while, then peace until all is done.

import { serviceContext } from '#src/services/service-context'
import type { ServiceContext, ServiceOptions } from '#src/services/service-context'
import type { Runner } from '#workers/runner'
import type { ApiProcess } from './client.ts'
import { MODEL, runClient } from './client.ts'
import type { Actor } from './scheduler.ts'
import { Scheduler } from './scheduler.ts'
import { installVirtualTimers } from './virtual-timers.ts'
import { startWorkerProcess } from './worker-process.ts'
import { World } from './world.ts'

export interface ScheduleOptions {
  readonly traced?: boolean
  /** False: records take any version, and the judge must notice. */
  readonly fenced?: boolean
}

export interface ScheduleResult {
  readonly seed: number
  readonly steps: number
  readonly jobs: number
  readonly deaths: number
  readonly checkpoints: number
  readonly violations: readonly string[]
  readonly trace: readonly string[]
}

const MOST_STEPS = 6000
const STEPS_AFTERWARDS = 15
const FAULT_SHARES = [0, 0.01, 0.03, 0.1, 0.25]
const TROUBLE_SHARES = [0, 0.01, 0.03, 0.08]
const CHECKPOINT_SHARES = [0, 0, 0.3, 1]
const DEADLY_SHARES = [...Array.from({ length: 20 }, () => 0), 0.8, 1]

const OPTIONS: ServiceOptions = {
  version: '0',
  sharing: 'shared',
  scratch: '/nowhere',
  maxModelBytes: 1000,
  maxDatasetBytes: 1000,
  uploadMs: 1000,
  maxPendingUploads: 1,
  maxPendingUploadBytes: 1000,
  maxJobMemoryBytes: 2 ** 33,
  maxJobSeconds: 24 * 3600,
  webhookAllow: [],
}

interface WorkerProcess {
  readonly actor: Actor
  readonly id: string
  runner: Runner | null
}

export async function runSchedule(
  seed: number,
  { traced = false, fenced = true }: ScheduleOptions = {},
): Promise<ScheduleResult> {
  const scheduler = new Scheduler(randomFractions(seed), traced)
  const world = await World.open(scheduler, scheduler.pick(FAULT_SHARES)!, fenced)
  const restore = installVirtualTimers(scheduler)
  const { stackTraceLimit } = Error
  // Errors are part of the plan here, and their stacks would be a tenth of the time.
  if (!traced) Error.stackTraceLimit = 0
  // It would end the process.
  const onRejection = (error: unknown): void =>
    world.judge.fail(`nobody handles ${error instanceof Error ? error.stack : String(error)}`)
  process.on('unhandledRejection', onRejection)
  try {
    return await run(seed, world)
  } finally {
    process.off('unhandledRejection', onRejection)
    restore()
    Error.stackTraceLimit = stackTraceLimit
  }
}

async function run(seed: number, world: World): Promise<ScheduleResult> {
  const { scheduler, judge, queue } = world
  let born = 0
  let deaths = 0

  function contextOf(actor: Actor): ServiceContext {
    return serviceContext(world.portsOf(actor), OPTIONS, world.peersOf(`${actor.name} of ${seed}`))
  }

  function startApi(): ApiProcess {
    const actor = scheduler.actor(`api ${(born += 1)}`)
    return { actor, service: contextOf(actor) }
  }

  function startWorker(): WorkerProcess {
    const actor = scheduler.actor(`worker ${(born += 1)}`)
    const worker: WorkerProcess = { actor, id: actor.name, runner: null }
    scheduler.start(actor, () => {
      worker.runner = startWorkerProcess(world, actor, contextOf(actor), () =>
        replace(workers, worker, startWorker),
      )
    })
    return worker
  }

  world.deadlyShare = scheduler.pick(DEADLY_SHARES)!
  await world.records.store.commit([{ op: 'insert', collection: 'model', record: MODEL }])
  const apis = Array.from({ length: 1 + Number(scheduler.chance(0.5)) }, startApi)
  const workers = Array.from({ length: 1 + Number(scheduler.chance(0.7)) }, startWorker)
  const clients = 1 + Number(scheduler.chance(0.5))
  // Twins send the same request under the same key.
  const twins = scheduler.chance(0.3)
  let waiting = clients
  for (let number = 0; number < clients; number += 1) {
    const actor = scheduler.actor(`client ${number}`)
    const key = twins ? 'key' : `key ${number}`
    const jobSeed = twins || scheduler.chance(0.2) ? 0 : number
    scheduler.start(actor, () => {
      void runClient(world, actor, () => apis, key, jobSeed).finally(() => {
        waiting -= 1
      })
    })
  }

  function replace<P extends { readonly actor: Actor }>(
    processes: P[],
    dying: P,
    next: () => P,
  ): void {
    scheduler.kill(dying.actor)
    world.died(`${dying.actor.name} of ${seed}`)
    deaths += 1
    // One that drains has its successor already.
    const index = processes.indexOf(dying)
    if (index >= 0) processes[index] = next()
  }

  const queueTroubles: readonly (() => void)[] = [
    () => queue.loseOne(),
    () => queue.expireOne(),
    () => queue.loseAll(),
  ]
  // In some nobody dies: workers that live may lose a job as often as it takes.
  const onlyQueue = scheduler.chance(0.1)
  if (onlyQueue) world.reportShare = 0.95
  world.checkpointShare = scheduler.pick(CHECKPOINT_SHARES)!
  const troubles: readonly (() => void)[] = onlyQueue
    ? queueTroubles
    : [
        () => replace(workers, scheduler.pick(workers)!, startWorker),
        () => replace(workers, scheduler.pick(workers)!, startWorker),
        () => replace(apis, scheduler.pick(apis)!, startApi),
        ...queueTroubles,
        () => world.jumpClock(scheduler.pick([...workers, ...apis])!.actor),
        () => drainOne(),
      ]

  function drainOne(): void {
    const index = Math.floor(scheduler.random() * workers.length)
    const { actor, runner } = workers[index]!
    if (runner === null) return
    scheduler.note(`${actor.name} is told to stop`)
    scheduler.start(actor, () => void runner.close(2000 * scheduler.random()))
    workers[index] = startWorker()
  }

  const troubleShare = scheduler.pick(TROUBLE_SHARES)!
  // Most end when all is done; some go on, as entries of finished jobs are found and lost.
  const brief = scheduler.chance(0.85)
  const peaceAfter = 20 + (onlyQueue ? 980 : 230) * scheduler.random()
  let done = 0
  while (scheduler.steps < MOST_STEPS && judge.violations.length === 0) {
    const peace = scheduler.steps > peaceAfter
    scheduler.fair = peace
    if (peace) world.faultShare = 0
    else if (scheduler.chance(troubleShare)) {
      const trouble = Math.floor(scheduler.random() * troubles.length)
      scheduler.note(`trouble ${trouble}`)
      troubles[trouble]!()
    }
    if (!(await scheduler.step())) break
    // What is still on its way arrives.
    done = (peace || brief) && waiting === 0 && judge.allEnded ? done + 1 : 0
    if (done > STEPS_AFTERWARDS) break
  }
  if (judge.violations.length === 0) {
    if (waiting > 0) judge.fail(`I6 ${waiting} clients have no answer`)
    judge.finish()
  }
  return {
    seed,
    steps: scheduler.steps,
    jobs: judge.jobs.size,
    deaths,
    checkpoints: judge.checkpoints.count,
    violations: judge.violations,
    trace: scheduler.trace ?? [],
  }
}

/** Mulberry32, by Tommy Ettinger: 32 bits of state, passes gjrand's tests. */
function randomFractions(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
