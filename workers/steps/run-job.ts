// A whole job inside a child: reads the model, runs the steps, writes the result, measures both, reports.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { staticMeasures } from '#engine/evaluate/static-measures'
import type { Runtime } from '#engine/runtime/runtime'
import type { StepReport } from '#src/domain/report'
import type { Model } from '#src/onnx/ir/model'
import { modelSize } from '#src/onnx/write-model'
import type { DatasetRole } from '#src/recipes/job-spec'
import type { Step } from '#src/recipes/step'
import { methodOf, nameOfStep } from '#src/recipes/step'
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
import type { StepContext, StepOutcome } from './step-outcome.ts'
import { runStep } from './steps.ts'
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
  const steps = spec.steps.length
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
    let model = original.read()
    const open = async (role: DatasetRole): ReturnType<typeof openJobSamples> => {
      const folder = join(scratch, `${role}-fields`)
      const samples = await openJobSamples(datasets[role], model, spec, role, folder)
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
    const reports: StepReport[] = []
    let layerNoise: ReadonlyMap<string, number> = new Map()
    for (const [index, step] of spec.steps.entries()) {
      const share = STEPS_END / steps
      const context: StepContext = {
        runtime,
        spec,
        calibration,
        evaluation,
        train,
        openModel,
        scratch,
        log,
        checkpoints,
        progress: (fraction, message, etaSeconds) =>
          progress(step.type, index + 1, share * (index + fraction), message, etaSeconds),
      }
      context.progress(0, nameOfStep(step))
      const done = await timedStep(model, step, context)
      model = done.model
      reports.push(done.report)
      if (done.layerNoise.size > 0) layerNoise = done.layerNoise
      log(
        `step ${index + 1} of ${steps}, ${nameOfStep(step)}: ${done.report.after.size_bytes} bytes`,
      )
    }
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
    const figures = { runs, reports, layerNoise, layerTimes }
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

async function timedStep(
  before: Model,
  step: Step,
  context: StepContext,
): Promise<Pick<StepOutcome, 'model' | 'layerNoise'> & { readonly report: StepReport }> {
  const start = performance.now()
  const outcome = await runStep(before, step, context)
  const { model, details, declined, warnings, layerNoise } = outcome
  const duration = performance.now() - start
  const { parameters, macs, sparsity } = staticMeasures(model, null)
  const after = { size_bytes: modelSize(model, 'inline'), parameters, macs, sparsity }
  const method = methodOf(step)
  const report = {
    type: step.type,
    method,
    duration_ms: duration,
    after,
    details: { ...details },
    declined: [...declined],
    warnings: [...warnings],
  }
  return { model, layerNoise, report }
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
