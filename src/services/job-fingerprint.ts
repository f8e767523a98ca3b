// The name of a job's result: equal fingerprints give equal artifacts.

import { createHash } from 'node:crypto'
import type { JobSpec } from '#src/recipes/job-spec'
import type { JobInputs } from './job-inputs.ts'

/** sha256, hex, over everything that decides the artifact's bytes. */
export function jobFingerprint(spec: JobSpec, inputs: JobInputs, version: string): string {
  const parts = {
    model: inputs.model.sha256,
    container: inputs.model.container,
    calibration: dataOf(inputs.calibration),
    evaluation: dataOf(inputs.evaluation),
    train: dataOf(inputs.train),
    others: [...inputs.others].map(([id, { sha256, container }]) => [id, sha256, container]),
    steps: spec.steps,
    judged: spec.evaluation,
    goal: spec.goal,
    target: spec.target,
    accelerator: spec.accelerator,
    seed: spec.seed,
    version,
  }
  return createHash('sha256').update(canonicalJson(parts)).digest('hex')
}

function dataOf(dataset: JobInputs['calibration']): unknown {
  return dataset === null ? null : { sha256: dataset.sha256, preprocess: dataset.preprocess }
}

/** JSON with sorted keys: equal values give equal text (RFC 8785 without its number rules, which JSON.stringify follows). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}
