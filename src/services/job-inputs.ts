// What a job refers to, looked up once for all checks.

import type { FieldError } from '#src/domain/errors'
import type { DatasetRecord, ModelRecord } from '#src/domain/records'
import type { DatasetRole, JobSpec } from '#src/recipes/job-spec'
import { listedSteps } from '#src/recipes/listed-steps'
import { otherModelsOf } from '#src/recipes/step'
import { findOwned } from './owned-record.ts'
import type { ServiceContext } from './service-context.ts'

export interface JobInputs {
  readonly model: ModelRecord
  readonly calibration: DatasetRecord | null
  readonly evaluation: DatasetRecord | null
  readonly train: DatasetRecord | null
  /** Models that steps name, by id. */
  readonly others: ReadonlyMap<string, ModelRecord>
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
  const others = new Map<string, ModelRecord>()
  for (const [index, step] of listedSteps(spec).entries()) {
    for (const id of otherModelsOf(step)) {
      const found = await findOwned(records, 'model', tenant, id)
      if (found === null) missing.push(notFound(`/steps/${index}`, `model ${id}`))
      else others.set(id, found.record)
    }
  }
  const dataset = async (role: DatasetRole): Promise<DatasetRecord | null> => {
    const id = spec.datasets[role]
    if (id === null) return null
    const found = await findOwned(records, 'dataset', tenant, id)
    if (found === null) missing.push(notFound(`/datasets/${role}`, 'dataset'))
    return found?.record ?? null
  }
  const calibration = await dataset('calibration')
  const evaluation = await dataset('evaluation')
  const train = await dataset('train')
  return model === null || missing.length > 0
    ? missing
    : { model, calibration, evaluation, train, others }
}

function notFound(pointer: string, kind: string): FieldError {
  return { pointer, code: 'not_found', detail: `there is no ${kind} with this id` }
}
