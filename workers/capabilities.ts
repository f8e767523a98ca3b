// What this worker offers.

import type { Logger } from 'pino'
import type { Config } from '#src/config'
import type { WorkerCapabilities } from '#src/domain/worker'
import { RECIPE_REVISION } from '#src/recipes/step-revisions'
import { detectAccelerators } from './sandbox/detect-accelerators.ts'
import type { ChildSettings } from './sandbox/spawn-child.ts'

/** Tries the accelerators that the operator allows, in children. */
export async function capabilities(
  config: Config,
  children: ChildSettings,
  log: Logger,
): Promise<WorkerCapabilities> {
  return {
    accelerators: await detectAccelerators(config.accelerators, children, log),
    memory_bytes: config.maxJobMemoryBytes,
    revision: RECIPE_REVISION,
  }
}

/** How children are started once it is known what the worker offers. */
export function childSettings(
  children: ChildSettings,
  { accelerators }: WorkerCapabilities,
): ChildSettings {
  const drives = accelerators.some((accelerator) => accelerator !== 'cpu')
  return { ...children, memory: drives ? 'watched' : 'limited' }
}
