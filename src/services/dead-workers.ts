// Which workers died under a job. Only those count: a lease also runs out when Redis is emptied or a worker stands still.

import type { JobRecord, LeftBy } from '#src/domain/job'
import type { ServiceContext } from './service-context.ts'

/** `unknown`: its next beats, or their absence, will tell. */
type Fate = 'alive' | 'dead' | 'unknown'

/** Beats after the last one seen that prove life: one may have been under way when the process died. */
const PROOF_BEATS = 2

type Stores = Pick<ServiceContext, 'records' | 'peers'>

/** What the record tells of earlier attempts. Those of the first versions have no such fields. */
export function takeoversOf(job: JobRecord): Pick<JobRecord, 'worker' | 'left_by' | 'takeovers'> {
  return {
    worker: job.worker ?? null,
    left_by: job.left_by ?? [],
    takeovers: job.takeovers ?? 0,
  }
}

export interface Suspects {
  /** All that are not known to live. */
  readonly left: readonly LeftBy[]
  readonly dead: number
}

export async function suspects(stores: Stores, all: readonly LeftBy[]): Promise<Suspects> {
  const fates = await Promise.all(all.map((one) => fateOf(stores, one)))
  return {
    left: all.filter((_, index) => fates[index] !== 'alive'),
    dead: fates.filter((fate) => fate === 'dead').length,
  }
}

/** With the worker from which the job is being taken now. */
export function leftNow({ peers }: Pick<Stores, 'peers'>, job: JobRecord): readonly LeftBy[] {
  const { worker, left_by: before } = takeoversOf(job)
  const others = before.filter((one) => one.worker !== worker && one.worker !== peers.id)
  if (worker === null || worker === peers.id) return others
  return [...others, { worker, beat: null, stage: job.stage }]
}

/** With the beats from which the lives of those will be counted that were left since this was done last. */
export async function withBeats(
  { records }: Pick<Stores, 'records'>,
  left: readonly LeftBy[],
): Promise<readonly LeftBy[]> {
  return await Promise.all(
    left.map(async (one) => {
      if (one.beat !== null) return one
      const found = await records.get('process', one.worker)
      return { ...one, beat: found?.record.beat ?? 0 }
    }),
  )
}

/**
 * A taker comes 8 to 10 s after a death, before 12 s of silence have told of it: whom it takes a job from is then
 * neither dead nor alive. Beats are compared, no clocks.
 */
async function fateOf({ records, peers }: Stores, { worker, beat }: LeftBy): Promise<Fate> {
  if (worker === peers.id) return 'alive'
  const found = await records.get('process', worker)
  // It took its record away, or was not there to bring it back when Redis was emptied.
  if (found === null) return 'dead'
  if (beat !== null && found.record.beat >= beat + PROOF_BEATS) return 'alive'
  return peers.isSilent(worker) ? 'dead' : 'unknown'
}
