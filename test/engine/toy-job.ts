// A whole job in this process, as the child runs it, on a small network with known data.

import { statSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import type { Runtime } from '#engine/runtime/runtime'
import type { DatasetRecord } from '#src/domain/records'
import { jobSpec } from '#src/recipes/job-spec'
import type { Step } from '#src/recipes/step'
import { SAMPLES, toyNetwork } from '#test/support/toy-network'
import type {
  ChildMessage,
  CompressRequest,
  CompressResult,
  ModelFile,
} from '#workers/sandbox/protocol'
import { runJob } from '#workers/steps/run-job'

const cpu = openRuntime()

async function writeInputs(
  folder: string,
): Promise<{ model: string; dataset: string; record: DatasetRecord }> {
  const toy = await toyNetwork(cpu)
  const model = join(folder, 'toy.onnx')
  await writeFile(model, toy.model)
  const dataset = join(folder, 'data.npz')
  await writeFile(dataset, toy.dataset)
  const record: DatasetRecord = {
    id: 'dataset_0',
    tenant: 'local',
    name: 'toy',
    format: 'npz',
    samples: SAMPLES,
    fields: [
      { name: 'x', dtype: 'float32', shape: [SAMPLES, 3, 16, 16] },
      { name: 'labels', dtype: 'int64', shape: [SAMPLES] },
    ],
    classes: 4,
    preprocess: null,
    size_bytes: statSync(dataset).size,
    sha256: '0'.repeat(64),
    created_at: '2026-01-01T00:00:00.000Z',
    metadata: {},
  }
  return { model, dataset, record }
}

export interface ToyJob {
  readonly steps: readonly unknown[] | 'auto'
  /** Further fields of the body of `POST /v1/jobs`. */
  readonly spec?: Readonly<Record<string, unknown>>
  readonly runtime?: Runtime
  /** Further models, by id. */
  readonly models?: Readonly<Record<string, Uint8Array>>
  /** Checkpoints that the worker asks for. */
  readonly asked?: { readonly checkpoints: number }
  readonly worker?: Partial<
    Pick<
      CompressRequest,
      | 'accelerators'
      | 'crashed'
      | 'lethal'
      | 'seconds'
      | 'checkpoints'
      | 'fingerprint'
      | 'tersorVersion'
    >
  >
}

/** Everything it writes lies under `folder`, which stays. */
export async function runToyJob(
  folder: string,
  { steps, spec: more = {}, runtime = cpu, models = {}, worker = {}, asked }: ToyJob,
): Promise<{ readonly result: CompressResult; readonly messages: readonly ChildMessage[] }> {
  const { model, dataset, record } = await writeInputs(folder)
  const scratch = await mkdtemp(join(folder, 'scratch-'))
  const messages: ChildMessage[] = []
  const spec = jobSpec.parse({
    model: 'model_0',
    steps: steps as Step[] | 'auto',
    datasets: { calibration: 'dataset_0', evaluation: 'dataset_0' },
    evaluation: { task: 'classification', latency: { runs: 10 } },
    ...more,
  })
  const file = { path: dataset, record }
  const others: Record<string, ModelFile> = {}
  for (const [id, bytes] of Object.entries(models)) {
    const path = join(folder, `${id}.onnx`)
    await writeFile(path, bytes)
    others[id] = { path, container: 'onnx' }
  }
  const request: CompressRequest = {
    task: 'compress',
    job: 'job_0',
    spec,
    model: { path: model, container: 'onnx' },
    others,
    datasets: { calibration: file, evaluation: file, train: file },
    scratch,
    tersorVersion: '0.0.0',
    accelerators: ['cpu'],
    crashed: false,
    lethal: [],
    seconds: 600,
    fingerprint: 'f',
    checkpoints: { everySeconds: 0, costShare: 1, found: [] },
    ...worker,
  }
  const result = await runJob(request, (message) => messages.push(message), runtime, asked)
  return { result, messages }
}
