// The datasets of a job, opened for the fields that the model and its evaluation read.

import { mkdir } from 'node:fs/promises'
import type { Samples } from '#engine/evaluate/judge'
import { openSamples } from '#src/datasets/open-samples'
import type { Model } from '#src/onnx/ir/model'
import { stepsOfSearch } from '#src/recipes/auto-steps'
import { labelFields } from '#src/recipes/evaluation'
import type { DatasetRole, JobSpec } from '#src/recipes/job-spec'
import { isListed } from '#src/recipes/listed-steps'
import { trainingOf } from '#src/recipes/step'
import type { DatasetFile } from '#workers/sandbox/protocol'
import { refuseNaN } from './refuse-nan.ts'

export interface OpenSamples extends Samples {
  close(): Promise<void>
}

/** `null` without a dataset. `scratch`: a folder that is made for what must be unpacked. */
export async function openJobSamples(
  file: DatasetFile | null,
  model: Model,
  spec: JobSpec,
  role: DatasetRole,
  scratch: string,
): Promise<OpenSamples | null> {
  if (file === null) return null
  const inputs = model.graph.inputs.filter(({ initializer }) => initializer === null)
  const names = inputs.map(({ name }) => name)
  const present = file.record.fields.map(({ name }) => name)
  const steps = isListed(spec) ? spec.steps : stepsOfSearch(spec)
  const trained = steps.map((step) => trainingOf(step)?.labels ?? null)
  const labels = [...labelFields(spec.evaluation), ...trained].filter((name) => name !== null)
  const wanted = [...new Set([...names, ...labels])]
  await mkdir(scratch, { recursive: true })
  const samples = await openSamples(
    file.path,
    file.record,
    wanted.filter((name) => present.includes(name)),
    scratch,
  )
  return {
    count: samples.count,
    batch: refuseNaN(samples, role),
    close: () => samples.close(),
  }
}
