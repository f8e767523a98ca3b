// Options of weight-only quantization that say nothing together, and data that an algorithm needs.

import type { FieldError } from '#src/domain/errors'
import type { JobSpec } from '#src/recipes/job-spec'
import type { QuantizeWeightOnlyStep } from '#src/recipes/quantize-weight-only'

/** `index`: of the step in the job. */
export function weightOnlyFaults(
  step: QuantizeWeightOnlyStep,
  index: number,
  { datasets }: Pick<JobSpec, 'datasets'>,
): FieldError[] {
  const faults: FieldError[] = []
  const { algorithm, act_order: actOrder, accuracy_level: level, format } = step
  if ((algorithm === 'gptq' || algorithm === 'awq') && datasets.calibration === null) {
    faults.push({
      pointer: '/datasets/calibration',
      code: 'dataset_required',
      detail: `step ${index + 1} (quantize weight_only) needs a calibration dataset for algorithm ${algorithm}; rtn and hqq need none`,
    })
  }
  const odd = (field: keyof QuantizeWeightOnlyStep, detail: string): void => {
    faults.push({ pointer: `/steps/${index}/${field}`, code: 'invalid_value', detail })
  }
  if (actOrder && algorithm !== 'gptq') {
    odd('act_order', `act_order is of algorithm gptq; algorithm is ${algorithm}`)
  }
  if (format === 'qdq' && level !== 4) {
    odd(
      'accuracy_level',
      'the standard form has no accuracy level; leave it out, or take matmul_nbits',
    )
  }
  return faults
}
