// A whole job in this process, as the child runs it, on a model in text and arrays.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import type { Report } from '#src/domain/report'
import { describeDataset } from '#src/datasets/describe-dataset'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { imagePreprocess } from '#src/recipes/image-preprocess'
import { jobSpec } from '#src/recipes/job-spec'
import type { NpyArray } from '#test/support/make-npz'
import { makeNpz } from '#test/support/make-npz'
import type { DatasetFile } from '#workers/sandbox/protocol'
import { runJob } from '#workers/steps/run-job'

const runtime = openRuntime()

export interface TaskJob {
  readonly model: string
  readonly arrays: Readonly<Record<string, NpyArray>>
  readonly evaluation: object
  readonly steps?: readonly unknown[]
}

/** The evaluation dataset also calibrates. */
export async function reportOf({
  model,
  arrays,
  evaluation,
  steps = [{ type: 'simplify' }],
}: TaskJob): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-task-job-'))
  try {
    const path = join(folder, 'model.onnx')
    await writeFile(path, modelBytes(parseModel(model)))
    const file = await datasetFile(join(folder, 'data.npz'), arrays)
    const spec = jobSpec.parse({
      model: 'model_0',
      steps,
      datasets: { calibration: 'dataset_0', evaluation: 'dataset_0' },
      evaluation: { latency: { runs: 5 }, ...evaluation },
    })
    const { report } = await runJob(
      {
        task: 'compress',
        job: 'job_0',
        spec,
        model: { path, container: 'onnx' },
        others: {},
        datasets: { calibration: file, evaluation: file, train: null },
        scratch: folder,
        tersorVersion: '0.0.0',
        accelerators: ['cpu'],
        crashed: false,
        lethal: [],
        seconds: 600,
        fingerprint: 'f',
        checkpoints: { everySeconds: 0, costShare: 1, found: [] },
      },
      () => {},
      runtime,
    )
    return report
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function datasetFile(
  path: string,
  arrays: Readonly<Record<string, NpyArray>>,
): Promise<DatasetFile> {
  const bytes = makeNpz(arrays)
  await writeFile(path, bytes)
  const described = await describeDataset(path, 'npz', imagePreprocess.parse({}))
  return {
    path,
    record: {
      ...described,
      id: 'dataset_0',
      tenant: 'local',
      name: '',
      format: 'npz',
      preprocess: null,
      size_bytes: bytes.length,
      sha256: '0'.repeat(64),
      created_at: '2026-01-01T00:00:00.000Z',
      metadata: {},
    },
  }
}
