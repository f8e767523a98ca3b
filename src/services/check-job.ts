// Everything that can be said about a job before it runs. Submission refuses on the first list that is not empty; a dry run shows all.

import type { FieldError } from '#src/domain/errors'
import type { JobSpec } from '#src/recipes/job-spec'
import { DEFAULT_TIMEOUT_SECONDS } from '#src/recipes/job-spec'
import type { ListedSpec } from '#src/recipes/listed-steps'
import { isListed, listedSteps } from '#src/recipes/listed-steps'
import { datasetFaults } from './check-data.ts'
import { distillFaults } from './check-distill.ts'
import { distillGraphFaults } from './check-distill-graphs.ts'
import { evaluationFaults } from './check-evaluation.ts'
import { searchFaults } from './check-search.ts'
import {
  excludedLayerFaults,
  namesExcludedLayers,
  stepOrderFaults,
  stepSupportFaults,
} from './check-steps.ts'
import { nodeNames } from './examine-model.ts'
import { trainingFaults } from './check-training.ts'
import type { JobInputs } from './job-inputs.ts'
import { findJobInputs } from './job-inputs.ts'
import { withBlobFile } from './scratch-file.ts'
import type { ServiceContext } from './service-context.ts'
import { webhookUrlFault } from './webhooks/webhook-url.ts'

export interface JobCheck {
  /** `null` when the model or a dataset does not exist. */
  readonly inputs: JobInputs | null
  readonly faults: readonly FieldError[]
}

export async function checkJob(
  context: ServiceContext,
  tenant: string,
  spec: JobSpec,
): Promise<JobCheck> {
  const ownFaults = [
    ...stepOrderFaults(listedSteps(spec)),
    ...timeoutFaults(context, spec),
    ...webhookFaults(context, spec),
  ]
  const inputs = await findJobInputs(context, tenant, spec)
  if ('length' in inputs) return { inputs: null, faults: [...inputs, ...ownFaults] }
  return {
    inputs,
    faults: [
      ...ownFaults,
      ...manifestFaults(spec, inputs),
      ...(isListed(spec) ? listedFaults(spec, inputs) : searchFaults(spec, inputs)),
      ...dataFaults(inputs),
      ...evaluationFaults(spec, inputs),
      ...(isListed(spec) ? await graphFaults(context, spec, inputs) : []),
    ],
  }
}

function listedFaults(spec: ListedSpec, inputs: JobInputs): FieldError[] {
  return [
    ...stepSupportFaults(spec, inputs),
    ...trainingFaults(spec, inputs),
    ...distillFaults(spec, inputs),
  ]
}

/** What only the graph can tell. */
async function graphFaults(
  context: ServiceContext,
  spec: ListedSpec,
  inputs: JobInputs,
): Promise<FieldError[]> {
  return [
    ...(await layerFaults(context, spec, inputs)),
    ...(await distillGraphFaults(context, spec, inputs)),
  ]
}

/** Who asks for nothing gets what there is. */
function timeoutFaults({ options }: ServiceContext, spec: JobSpec): FieldError[] {
  const most = options.maxJobSeconds
  const { timeout_seconds: wanted } = spec
  if (wanted <= most || wanted === DEFAULT_TIMEOUT_SECONDS) return []
  const detail = `a job may run for at most ${most} s on this service`
  return [{ pointer: '/timeout_seconds', code: 'out_of_range', detail }]
}

function webhookFaults(context: ServiceContext, spec: JobSpec): FieldError[] {
  if (spec.webhook === null) return []
  const fault = webhookUrlFault(spec.webhook.url, context.options.webhookAllow)
  return fault === null
    ? []
    : [{ pointer: '/webhook/url', code: 'webhook_url_forbidden', detail: fault }]
}

function dataFaults({ model, calibration, evaluation, train }: JobInputs): FieldError[] {
  const faults: FieldError[] = []
  if (calibration !== null)
    faults.push(...datasetFaults(model, calibration, '/datasets/calibration'))
  if (evaluation !== null) faults.push(...datasetFaults(model, evaluation, '/datasets/evaluation'))
  if (train !== null) faults.push(...datasetFaults(model, train, '/datasets/train'))
  return faults
}

function manifestFaults(spec: JobSpec, inputs: JobInputs): FieldError[] {
  const { manifest } = spec
  if (manifest === undefined) return []
  const actual = {
    model_sha256: inputs.model.sha256,
    calibration_sha256: inputs.calibration?.sha256 ?? null,
    evaluation_sha256: inputs.evaluation?.sha256 ?? null,
    train_sha256: inputs.train?.sha256 ?? null,
  }
  const renamed = Object.entries(manifest.models_sha256).flatMap(([id, sha256]) =>
    inputs.others.get(id)?.sha256 === sha256
      ? []
      : [differs(`models_sha256/${id}`, inputs.others.get(id)?.sha256)],
  )
  const own = Object.entries(actual).flatMap(([field, sha256]) =>
    manifest[field as keyof typeof actual] === sha256 ? [] : [differs(field, sha256)],
  )
  return [...own, ...renamed]
}

function differs(field: string, sha256: string | null | undefined): FieldError {
  return {
    pointer: `/manifest/${field}`,
    code: 'invalid_value',
    detail: `the job names bytes with the SHA-256 ${sha256 ?? 'none'}`,
  }
}

async function layerFaults(
  context: ServiceContext,
  spec: ListedSpec,
  { model }: JobInputs,
): Promise<FieldError[]> {
  if (!namesExcludedLayers(spec.steps)) return []
  const filename = model.container === 'zip' ? 'model.zip' : 'model.onnx'
  const nodes = await withBlobFile(context, model.sha256, filename, (path, folder) =>
    nodeNames(path, model.container, folder),
  )
  return excludedLayerFaults(spec.steps, nodes)
}
