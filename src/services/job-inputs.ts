// What a job refers to, looked up once for all checks.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRecord, ModelRecord } from '#src/domain/records'
import type { JobSpec } from '#src/recipes/job-spec'
import { findOwned } from './owned-record.ts'
import type { ServiceContext } from './service-context.ts'

export interface JobInputs {
  readonly model: ModelRecord
  readonly calibration: DatasetRecord | null
  readonly evaluation: DatasetRecord | null
}

/** The records, or what is missing. */
export async function findJobInputs(
  context: ServiceContext,
  tenant: string,
  spec: JobSpec,
): Promise<JobInputs | readonly FieldError[]> {
  const { records } = context
  const missing: FieldError[] = []
  const model = (await findOwned(records, 'model', tenant, spec.model))?.record ?? null
  if (model === null) missing.push(notFound('/model', 'model'))
  const dataset = async (role: 'calibration' | 'evaluation'): Promise<DatasetRecord | null> => {
    const id = spec.datasets[role]
    if (id === null) return null
    const found = await findOwned(records, 'dataset', tenant, id)
    if (found === null) missing.push(notFound(`/datasets/${role}`, 'dataset'))
    return found?.record ?? null
  }
  const calibration = await dataset('calibration')
  const evaluation = await dataset('evaluation')
  return model === null || missing.length > 0 ? missing : { model, calibration, evaluation }
}

function notFound(pointer: string, kind: string): FieldError {
  return { pointer, code: 'not_found', detail: `there is no ${kind} with this id` }
}
