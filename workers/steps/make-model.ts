// What a job makes of its model: by the steps that it lists, or by those that a search finds.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StepSearch } from '#src/domain/step-search'
import type { Model } from '#src/onnx/ir/model'
import { isListed } from '#src/recipes/listed-steps'
import { nameOfStep } from '#src/recipes/step'
import type { CompressRequest } from '#workers/sandbox/protocol'
import type { MadeModel } from './run-steps.ts'
import { runSteps } from './run-steps.ts'
import { searchSteps } from './search/search-steps.ts'
import { TimeLimit } from './search/time-limit.ts'
import type { StepContext } from './step-outcome.ts'

export interface MakeQuestion {
  readonly request: Pick<CompressRequest, 'spec' | 'seconds' | 'lethal'>
  /** A new copy at each call. */
  readonly original: () => Model
  readonly originalBytes: number
  /** What all steps have alike. */
  readonly common: Omit<StepContext, 'progress'>
  /** A step or a trial, 1, 2, … of at most `steps`; `fraction` of all that is made. */
  readonly progress: (progress: MakeProgress) => void
  readonly onTrial: (name: string) => void
}

export interface MakeProgress {
  readonly stage: string
  readonly step: number
  readonly steps: number
  readonly fraction: number
  readonly message: string
  readonly etaSeconds: number | undefined
}

export interface MadeByJob extends MadeModel {
  /** `null` where the steps were listed. */
  readonly search: StepSearch | null
}

/** @throws TersorError, OnnxError, RuntimeRejection */
export async function makeModel(question: MakeQuestion): Promise<MadeByJob> {
  const { request, original, common } = question
  const { spec } = request
  if (!isListed(spec)) return await search(question)
  const steps = spec.steps.length
  const made = await runSteps(original(), spec.steps, (step, index) => {
    const context = contextAt(question, step.type, index, steps)
    context.progress(0, nameOfStep(step))
    return context
  })
  for (const [index, { after }] of made.reports.entries()) {
    const step = spec.steps[index]
    if (step === undefined) continue
    common.log(`step ${index + 1} of ${steps}, ${nameOfStep(step)}: ${after.size_bytes} bytes`)
  }
  return { ...made, search: null }
}

async function search(question: MakeQuestion): Promise<MadeByJob> {
  const { request, original, originalBytes, common, onTrial } = question
  const { calibration, train, log } = common
  let trials = 0
  return await searchSteps({
    spec: request.spec,
    original,
    originalBytes,
    lethal: request.lethal,
    time: new TimeLimit(request.seconds),
    contextOf: (name, index, most) => {
      onTrial(name)
      trials += 1
      log(`trial: ${name}`)
      const scratch = join(common.scratch, 'trials', String(trials))
      mkdirSync(scratch, { recursive: true })
      const context = contextAt(question, 'search', index, most)
      context.progress(0, `trying ${name}`)
      return { ...context, scratch, calibration: calibration ?? train }
    },
  })
}

function contextAt(
  { common, progress }: MakeQuestion,
  stage: string,
  index: number,
  steps: number,
): StepContext {
  return {
    ...common,
    progress: (fraction, message, etaSeconds) => {
      const whole = (index + fraction) / steps
      progress({ stage, step: index + 1, steps, fraction: whole, message, etaSeconds })
    },
  }
}
