// No task: what a model's outputs decide is read from their shapes, and compared with the original's.

import { startAgreement } from '../agreement.ts'
import type { MapAgreementRun } from '../map-agreement.ts'
import { mapLayout, startMapAgreement } from '../map-agreement.ts'
import { inputSize } from '../pictures/input-size.ts'
import type { EvaluationTask, TaskBatch } from './task.ts'

/**
 * Maps of a picture's proportions hold a decision for every pixel, other outputs one for every row along the last axis. Agreement
 * is the least of the rows' and of each map's. `output`: `null` = all.
 */
export function outputsTask(output: string | null): EvaluationTask<TaskBatch> {
  return {
    outputs: output === null ? 'all' : [output],
    labels: [],
    decide: (batch) => batch,
    startMetric: () => null,
    startAgreement: () => {
      const rows = startAgreement()
      const maps = new Map<string, MapAgreementRun>()
      return {
        add: (reference, actual) => {
          const size = inputSize(reference)
          for (const [name, own] of actual.outputs) {
            const wanted = reference.outputs.get(name) ?? own
            const layout = mapLayout(own.dims, size)
            if (layout === null) {
              rows.add(wanted.numbers, own.numbers, rowWidth(own.dims))
              continue
            }
            const run = maps.get(name) ?? startMapAgreement(layout)
            maps.set(name, run)
            run.add(wanted, own)
          }
        },
        value: () => {
          const decided = [rows, ...maps.values()].flatMap((run) => run.value() ?? [])
          return decided.length === 0 ? null : Math.min(...decided)
        },
      }
    },
  }
}

/** Axes of size 1 behind the scores, as pooling leaves them, hold nothing. The first axis counts samples. */
function rowWidth(dims: readonly number[]): number {
  return dims.slice(1).findLast((size) => size !== 1) ?? 1
}
