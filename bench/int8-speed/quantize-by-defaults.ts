// The step `quantize`, method `static`, as a job runs it: defaults, placements timed on this host.

import type { Samples } from '#engine/evaluate/judge'
import type { Runtime } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { jobSpec } from '#src/recipes/job-spec'
import { quantizeStatic } from '#src/recipes/quantize'
import { runQuantizeStatic } from '#workers/steps/quantize-static'
import type { StepOutcome } from '#workers/steps/step-outcome'

export async function quantizeByDefaults(
  model: Model,
  data: { readonly calibration: Samples; readonly evaluation: Samples | null },
  runtime: Runtime,
  evaluation: object = {},
): Promise<StepOutcome> {
  const step = quantizeStatic.parse({ type: 'quantize', method: 'static' })
  const spec = jobSpec.parse({
    model: 'model_0',
    steps: [step],
    datasets: { calibration: 'dataset_0', evaluation: 'dataset_1' },
    evaluation: { task: 'none', ...evaluation },
  })
  return await runQuantizeStatic(model, step, {
    runtime,
    spec,
    ...data,
    train: null,
    checkpoints: { begin: () => Promise.reject(new Error('no step of this bench trains')) },
    openModel: () => Promise.reject(new Error('no step of this bench names a model')),
    scratch: '',
    progress: () => {},
    log: (line) => console.error(`   ${line}`),
  })
}
