// The step `simplify`: the model computes the same with fewer nodes. Also the first stage of every quantization.

import type { Model } from '#src/onnx/ir/model'
import type { Runtime } from '../runtime/runtime.ts'
import type { Declined, Pass } from './pass.ts'
import { CLOSING_PASSES, PREPARING_PASSES, SIMPLIFY_PASSES } from './simplify-passes.ts'

export interface SimplifyReport {
  readonly details: {
    readonly nodes_before: number
    readonly nodes_after: number
    /** Changes by pass. */
    readonly applied: Readonly<Record<string, number>>
    readonly rounds: number
  }
  readonly declined: readonly Declined[]
}

const MAX_ROUNDS = 8

/**
 * Rewrites `model` in place. Names, types and order of its inputs and outputs stay.
 * @throws OnnxError function_expansion_limit
 */
export async function simplify(model: Model, runtime: Runtime): Promise<SimplifyReport> {
  const applied: Record<string, number> = {}
  const before = model.graph.nodeCount
  const declined: Declined[] = []
  const runOnce = async (passes: readonly Pass[]): Promise<void> => {
    for (const pass of passes) {
      const report = await pass.run(model, runtime)
      if (report.applied > 0) applied[pass.name] = report.applied
      declined.push(...report.declined)
    }
  }
  await runOnce(PREPARING_PASSES)
  let rounds = 0
  let lastDeclined: Declined[] = []
  for (let changed = true; changed && rounds < MAX_ROUNDS; rounds += 1) {
    changed = false
    lastDeclined = []
    for (const pass of SIMPLIFY_PASSES) {
      const report = await pass.run(model, runtime)
      lastDeclined.push(...report.declined)
      if (report.applied === 0) continue
      applied[pass.name] = (applied[pass.name] ?? 0) + report.applied
      changed = true
    }
  }
  await runOnce(CLOSING_PASSES)
  return {
    details: { nodes_before: before, nodes_after: model.graph.nodeCount, applied, rounds },
    declined: [...declined, ...lastDeclined],
  }
}
