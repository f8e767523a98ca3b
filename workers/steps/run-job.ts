// A whole job inside a child: reads the model, runs the steps, writes the result, measures both, reports.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Runtime } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import type { DatasetRole } from '#src/recipes/job-spec'
import { listedSteps } from '#src/recipes/listed-steps'
import type {
  ChildMessage,
  CompressRequest,
  CompressResult,
  ProbeRequest,
} from '#workers/sandbox/protocol'
import { assembleReport } from './assemble-report.ts'
import { openJobModel } from './job-model.ts'
import { openJobSamples } from './job-samples.ts'
import type { ModelRuns } from './measure-models.ts'
import { measureModels } from './measure-models.ts'
import { makeModel } from './make-model.ts'
import { timeLayers } from './time-layers.ts'
import { modelArtifact } from './model-artifact.ts'
import type { CheckpointAsks } from './training-checkpoints.ts'
import { openTrainingCheckpoints } from './training-checkpoints.ts'
import { writeModelFile } from './write-model-file.ts'
import { writeOrtFile } from './write-ort-file.ts'

/** Shares of the whole: steps until here, then measuring. */
const STEPS_END = 0.55
const PROBE_RUNS = 5

/**
 * Everything written lies under `request.scratch`.
 * @throws TersorError, OnnxError, RuntimeRejection
 */
export async function runJob(
  request: CompressRequest,
  report: (message: ChildMessage) => void,
  runtime: Runtime,
  asked: CheckpointAsks = { checkpoints: 0 },
): Promise<CompressResult> {
  const { spec, scratch, datasets } = request
  let steps = listedSteps(spec).length
  const log = (line: string): void => report({ kind: 'log', line })
  const progress = (
    stage: string,
    step: number,
    fraction: number,
    message: string,
    etaSeconds: number | null = null,
  ): void => report({ kind: 'progress', stage, step, steps, fraction, message, etaSeconds })
  const checkpoints = openTrainingCheckpoints(request, report, asked)
  progress('reading', 0, 0, 'reading the model')
  const original = await openJobModel(request.model, join(scratch, 'unzipped'))
  const opened: { close(): Promise<void> }[] = []
  try {
    const asItWas = original.read()
    const open = async (role: DatasetRole): ReturnType<typeof openJobSamples> => {
      const folder = join(scratch, `${role}-fields`)
      const samples = await openJobSamples(datasets[role], asItWas, spec, role, folder)
      if (samples !== null) opened.push(samples)
      return samples
    }
    const calibration = await open('calibration')
    const evaluation = await open('evaluation')
    const train = await open('train')
    const openModel = async (id: string | null): Promise<Model> => {
      const file = id === null ? undefined : request.others[id]
      if (file === undefined) return original.read()
      const other = await openJobModel(file, join(scratch, `unzipped-${opened.length}`))
      opened.push({ close: () => Promise.resolve(other.close()) })
      return other.read()
    }
    const made = await makeModel({
      request,
      original: () => original.read(),
      originalBytes: original.sizeBytes,
      common: {
        runtime,
        spec,
        calibration,
        evaluation,
        train,
        openModel,
        scratch,
        log,
        checkpoints,
      },
      progress: ({ stage, step, steps: of, fraction, message, etaSeconds }) => {
        steps = of
        progress(stage, step, STEPS_END * fraction, message, etaSeconds)
      },
      onTrial: (name) => report({ kind: 'trial', name }),
    })
    const { model, reports, layerNoise, search } = made
    progress('writing', steps, STEPS_END, 'writing the model')
    const folder = join(scratch, 'result')
    await mkdir(folder)
    const path = join(folder, 'model.onnx')
    const { paths } = writeModelFile(model, path)
    const samples = evaluation ?? calibration
    const runs = await measureModels({
      model: original.read(),
      paths: [original.path, path],
      samples,
      spec,
      runtime,
      offered: request.accelerators,
      crashed: request.crashed,
      scratch: folder,
      progress: (fraction, message) =>
        progress('measuring', steps, STEPS_END + (0.9 - STEPS_END) * fraction, message),
      log,
    })
    progress('measuring', steps, 0.9, 'timing layers')
    const pair = { original: original.read(), compressed: model }
    const layerTimes = await timeLayers(pair, runs, { spec, runtime, scratch: folder })
    progress('reporting', steps, 0.95, 'writing the report')
    const files: CompressResult['files'][number][] = []
    if (spec.target.formats.includes('onnx')) {
      files.push(modelArtifact(paths, folder))
    }
    if (spec.target.formats.includes('ort')) {
      const ort = await writeOrtFile(path, join(folder, 'model.ort'), runtime)
      files.push({ kind: 'model_ort', path: ort, filename: 'model.ort' })
    }
    const figures = { runs, reports, search, layerNoise, layerTimes }
    const body = await assembleReport({ request, original, model, paths, ...figures, runtime })
    return {
      task: 'compress',
      report: body,
      files,
      probes: probesOf(original.path, path, runs, spec),
    }
  } finally {
    for (const samples of opened) await samples.close()
    original.close()
  }
}

function probesOf(
  original: string,
  compressed: string,
  { inputs, placements }: ModelRuns,
  { evaluation }: CompressRequest['spec'],
): CompressResult['probes'] {
  if (inputs === null) return null
  const probe = (model: string): ProbeRequest => ({
    task: 'probe',
    model,
    provider: placements.timing.provider,
    inputs,
    threads: evaluation.latency.threads,
    runs: PROBE_RUNS,
  })
  return { original: probe(original), compressed: probe(compressed) }
}
