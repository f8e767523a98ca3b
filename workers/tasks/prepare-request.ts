// What a child needs to run a job: its models and datasets as files, and what was asked for.

import { join } from 'node:path'
import { TersorError } from '#src/domain/errors'
import type { JobRecord } from '#src/domain/job'
import type { DatasetRole } from '#src/recipes/job-spec'
import { listedSteps } from '#src/recipes/listed-steps'
import { otherModelsOf } from '#src/recipes/step'
import type {
  CheckpointFile,
  CompressRequest,
  DatasetFile,
  ModelFile,
} from '#workers/sandbox/protocol'
import type { WorkerContext } from '#workers/worker-context'

const CHECKPOINT_COST_SHARE = 0.01

/** @throws TersorError not_found for what was deleted since */
export async function prepareRequest(
  context: WorkerContext,
  job: JobRecord,
  folder: string,
  { crashed, lethal }: Pick<CompressRequest, 'crashed' | 'lethal'>,
  checkpoints: readonly CheckpointFile[],
): Promise<CompressRequest> {
  const { records, blobs } = context.service
  const model = await records.get('model', job.model)
  if (model === null) throw new TersorError('not_found', 'the model of this job is gone')
  const modelPath = join(folder, model.record.container === 'zip' ? 'upload.zip' : 'upload.onnx')
  await blobs.download(model.record.sha256, modelPath)
  const fetchDataset = async (role: DatasetRole): Promise<DatasetFile | null> => {
    // Jobs of an older version do not name every role.
    const id = job.spec.datasets[role] ?? null
    if (id === null) return null
    const found = await records.get('dataset', id)
    if (found === null)
      throw new TersorError('not_found', `the ${role} dataset of this job is gone`)
    const path = join(folder, `${role}.data`)
    await blobs.download(found.record.sha256, path)
    return { path, record: found.record }
  }
  const [calibration, evaluation, train] = await Promise.all([
    fetchDataset('calibration'),
    fetchDataset('evaluation'),
    fetchDataset('train'),
  ])
  const others: Record<string, ModelFile> = {}
  for (const id of listedSteps(job.spec).flatMap(otherModelsOf)) {
    const found = await records.get('model', id)
    if (found === null) throw new TersorError('not_found', `the model ${id} of this job is gone`)
    const path = join(folder, `other-${Object.keys(others).length}.data`)
    await blobs.download(found.record.sha256, path)
    others[id] = { path, container: found.record.container }
  }
  return {
    task: 'compress',
    job: job.id,
    spec: { ...job.spec, webhook: null },
    model: { path: modelPath, container: model.record.container },
    others,
    datasets: { calibration, evaluation, train },
    scratch: folder,
    tersorVersion: context.service.options.version,
    accelerators: context.capabilities.accelerators,
    crashed,
    lethal,
    seconds: Math.min(job.spec.timeout_seconds, context.maxJobSeconds),
    fingerprint: job.fingerprint,
    checkpoints: {
      everySeconds: context.checkpointSeconds,
      costShare: CHECKPOINT_COST_SHARE,
      found: checkpoints,
    },
  }
}
