// How long what is no longer needed is kept. Where a deletion would surprise somebody, the default is for ever.

import { integer } from './config-values.ts'
import { configVariable } from './config-variable.ts'

const days = integer(0, 36_500)
const FOR_EVER = '0 keeps them for ever.'

export const RETENTION_VARIABLES = {
  keepJobsDays: configVariable(
    'TERSOR_KEEP_JOBS_DAYS',
    '0',
    days,
    `Days after its end that a job is kept, with its artifacts, events, log and deliveries. ${FOR_EVER}`,
  ),
  keepArtifactsDays: configVariable(
    'TERSOR_KEEP_ARTIFACTS_DAYS',
    '0',
    days,
    `Days that the artifacts of a job are kept; the job stays and says when they went. ${FOR_EVER}`,
  ),
  keepInputsDays: configVariable(
    'TERSOR_KEEP_INPUTS_DAYS',
    '0',
    days,
    `Days that models and datasets are kept from their upload, or from the last job that used the model; what an unfinished job needs stays. ${FOR_EVER}`,
  ),
  keepLogsDays: configVariable(
    'TERSOR_KEEP_LOGS_DAYS',
    '30',
    days,
    'Days after its end that the log lines of a job are kept beside its records; later they are read from the artifact `log`. 0 keeps them for ever.',
  ),
  keepDeliveriesDays: configVariable(
    'TERSOR_KEEP_DELIVERIES_DAYS',
    '30',
    days,
    `Days that webhook deliveries which ended are kept. ${FOR_EVER}`,
  ),
} as const
