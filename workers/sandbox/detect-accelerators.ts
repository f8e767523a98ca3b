// Which accelerators work here: each is tried in a child as jobs get it, for a driver may crash or hang.

import type { Logger } from 'pino'
import type { Accelerator } from '#src/recipes/accelerator'
import { ACCELERATORS } from '#src/recipes/accelerator'
import { ChildFailure } from './child-failure.ts'
import type { AcceleratorResult } from './protocol.ts'
import type { ChildSettings } from './spawn-child.ts'
import { spawnChild } from './spawn-child.ts'

/** A driver that is loaded for the first time may build its kernels. */
const LIMIT_MS = 60_000

const found = new Map<Accelerator, Promise<string>>()

/** Those of `wanted` that work, the CPU always among them. Tried once per process. */
export async function detectAccelerators(
  wanted: readonly Accelerator[],
  settings: ChildSettings,
  log: Logger,
): Promise<Accelerator[]> {
  const problems = await Promise.all(
    ACCELERATORS.map(async (accelerator): Promise<string> => {
      if (accelerator === 'cpu') return ''
      if (!wanted.includes(accelerator)) return 'not wanted'
      const trial = found.get(accelerator) ?? tryAccelerator(accelerator, settings)
      found.set(accelerator, trial)
      const problem = await trial
      if (problem === '') log.info({ accelerator }, 'this accelerator works')
      else log.info({ accelerator, problem }, 'this accelerator does not work')
      return problem
    }),
  )
  return ACCELERATORS.filter((_, index) => problems[index] === '')
}

async function tryAccelerator(accelerator: Accelerator, settings: ChildSettings): Promise<string> {
  const child = await spawnChild({ ...settings, memory: 'watched' }, 'accelerator')
  const limit = AbortSignal.timeout(LIMIT_MS)
  try {
    const result = await child.run({ task: 'accelerator', accelerator }, { signal: limit })
    return (result as AcceleratorResult).problem
  } catch (error) {
    if (error instanceof ChildFailure) return error.detail
    if (limit.aborted) return `no answer within ${LIMIT_MS / 1000} s`
    throw error
  } finally {
    await child.dispose()
  }
}
