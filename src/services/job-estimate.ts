// How long a job may run and how much memory it may take, from sizes alone.

import { stepsOfSearch } from '#src/recipes/auto-steps'
import type { JobSpec } from '#src/recipes/job-spec'
import { isListed } from '#src/recipes/listed-steps'
import type { Step } from '#src/recipes/step'
import { trainingOf } from '#src/recipes/step'
import { epochsOf } from '#src/recipes/training'
import type { JobInputs } from './job-inputs.ts'

// Assumed of one core: 2·10⁹ multiply–accumulates a second, 1 s to start the sandbox and to read and write the model.
const MACS_PER_SECOND = 2e9
const FIXED_SECONDS = 1
// Two models in the runtime with their optimized copies, and the process itself.
const COPIES_IN_MEMORY = 4
const FIXED_BYTES = 150e6
// A step of training is worth four inferences, one of them the teacher's. Weights, gradients and what the optimizer keeps: in and out.
const INFERENCES_OF_A_STEP = 4
const COPIES_IN_TRAINING = 16
// Weights for each part of a batch, and its gradients: out of one thread, and into the sum.
const COPIES_OF_A_PART = 3

export interface JobEstimate {
  readonly seconds: number | null
  readonly memory_bytes: number | null
}

export function jobEstimate(spec: JobSpec, inputs: JobInputs | null): JobEstimate {
  if (inputs === null) return { seconds: null, memory_bytes: null }
  const { model, evaluation, calibration } = inputs
  const runs = 2 * spec.evaluation.latency.runs * spec.evaluation.latency.batch_size
  const judged = Math.min(spec.evaluation.samples ?? Infinity, evaluation?.samples ?? 0)
  const inferences =
    runs + 2 * judged + Math.min(calibration?.samples ?? 0, 128) + trained(spec, inputs)
  const { macs } = model.graph
  return {
    seconds:
      macs === null
        ? null
        : Number((FIXED_SECONDS + (inferences * macs) / MACS_PER_SECOND).toFixed(1)),
    memory_bytes: Math.round(FIXED_BYTES + copiesOf(spec) * model.size_bytes),
  }
}

/** A search tries each form once, and some fractions of the channels; how many is not known before. */
function carriedOut(spec: JobSpec): readonly Step[] {
  return isListed(spec) ? spec.steps : stepsOfSearch(spec)
}

function copiesOf(spec: JobSpec): number {
  const trainings = carriedOut(spec).flatMap((step) => trainingOf(step) ?? [])
  const parts = trainings.map(({ shards }) => (shards === 1 ? 0 : shards))
  if (trainings.length === 0) return COPIES_IN_MEMORY
  return COPIES_IN_TRAINING + COPIES_OF_A_PART * Math.max(...parts)
}

function trained(spec: JobSpec, { train }: JobInputs): number {
  const samples = train?.samples ?? 0
  const epochs = carriedOut(spec).map((step) => {
    const training = trainingOf(step)
    return training === null ? 0 : epochsOf(training, samples) * roundsOf(step)
  })
  const sum = epochs.reduce((total, count) => total + count, 0)
  return INFERENCES_OF_A_STEP * sum * samples
}

function roundsOf(step: Step): number {
  return step.type === 'prune' ? step.iterations : 1
}
