// Data that hold NaN say nothing: the job ends where it first meets one.

import type { Samples } from '#engine/evaluate/judge'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { TersorError } from '#src/domain/errors'
import type { DatasetRole } from '#src/recipes/job-spec'

/** `batch` throws TersorError dataset_unusable. */
export function refuseNaN(samples: Samples, role: DatasetRole): Samples['batch'] {
  return async (start, end) => {
    const fields = await samples.batch(start, end)
    for (const [name, tensor] of Object.entries(fields)) {
      const at = firstNaN(tensor)
      if (at === -1) continue
      const perSample = tensor.data.length / (tensor.dims[0] ?? 1)
      const sample = start + Math.floor(at / perSample)
      throw new TersorError(
        'dataset_unusable',
        `'${name}' of the ${role} dataset is NaN in sample ${sample} (counted from 0)`,
      )
    }
    return fields
  }
}

function firstNaN({ dtype, data }: RuntimeTensor): number {
  if (dtype !== 'float32' && dtype !== 'float64') return -1
  // Of all numbers, NaN alone differs from itself.
  for (let index = 0; index < data.length; index += 1) {
    if (data[index] !== data[index]) return index
  }
  return -1
}
