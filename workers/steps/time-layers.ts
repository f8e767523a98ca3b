// Times the layers of both models one by one, each model alone in the runtime's profiler, where the timed runs were on the CPU.

import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeTimes } from '#engine/evaluate/node-times'
import { nodeTimes } from '#engine/evaluate/node-times'
import type { Runtime } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { modelSize } from '#src/onnx/write-model'
import type { JobSpec } from '#src/recipes/job-spec'
import type { ModelRuns } from './measure-models.ts'

/** Bytes of a model that is held three times over: as it is, as the runtime wrote it, and loaded. */
const LARGEST = 2 ** 30

const MOST_RUNS = 20
const BUDGET_MILLISECONDS = 2000

/** Empty where layers could not be timed. */
export interface LayerTimes {
  readonly original: NodeTimes
  readonly compressed: NodeTimes
}

const NONE: NodeTimes = { layers: new Map(), operators: new Map() }

export async function timeLayers(
  models: { readonly original: Model; readonly compressed: Model },
  { feeds, placements, original, compressed }: ModelRuns,
  { spec, runtime, scratch }: { spec: JobSpec; runtime: Runtime; scratch: string },
): Promise<LayerTimes> {
  if (typeof feeds === 'string' || placements.timing.provider !== 'cpu') {
    return { original: NONE, compressed: NONE }
  }
  const folder = join(scratch, 'layer-times')
  await mkdir(folder)
  const timesOf = async (model: Model, { timing }: ModelRuns['original']): Promise<NodeTimes> => {
    if (typeof timing === 'string' || modelSize(model, 'inline') > LARGEST) return NONE
    const affordable = Math.floor(BUDGET_MILLISECONDS / timing.p50)
    const runs = Math.max(2, Math.min(MOST_RUNS, affordable))
    const { threads } = spec.evaluation.latency
    try {
      return await nodeTimes(model, feeds, runtime, { threads, runs, scratch: folder })
    } catch (error) {
      // The runtime does not take every graph back that it wrote.
      if (error instanceof RuntimeRejection) return NONE
      throw error
    }
  }
  try {
    return {
      original: await timesOf(models.original, original),
      compressed: await timesOf(models.compressed, compressed),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
