// The report: what was measured of both models, what changed, what the steps did.

import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { statSync } from 'node:fs'
import { busyWarnings } from '#engine/evaluate/busy-machine'
import { changeMeasures } from '#engine/evaluate/change'
import { layerReports } from '#engine/evaluate/layer-reports'
import { operatorTimes } from '#engine/evaluate/operator-times'
import { modelMeasures } from '#engine/evaluate/measures'
import { METRIC_TRAITS } from '#engine/evaluate/metrics/metrics'
import { reportWarnings } from '#engine/evaluate/report-warnings'
import { staticMeasures } from '#engine/evaluate/static-measures'
import { transferSize } from '#engine/evaluate/transfer-size'
import type { KernelCoverage } from '#engine/quantize/kernel-coverage'
import { kernelCoverage } from '#engine/quantize/kernel-coverage'
import type { Runtime } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import type { Fallback, ModelMeasures, Report, ReportWarning, StepReport } from '#src/domain/report'
import type { StepSearch } from '#src/domain/step-search'
import type { Model } from '#src/onnx/ir/model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { CompressRequest } from '#workers/sandbox/protocol'
import { goalChecks } from './goal-checks.ts'
import type { JobModel } from './job-model.ts'
import type { ModelRuns, RunMeasures } from './measure-models.ts'
import { metricOf } from './metric-of.ts'
import type { LayerTimes } from './time-layers.ts'
import type { ModelFiles } from './write-model-file.ts'

export interface ReportParts {
  readonly request: CompressRequest
  readonly original: JobModel
  /** The compressed model, and its files. */
  readonly model: Model
  readonly paths: ModelFiles['paths']
  readonly runs: ModelRuns
  readonly reports: readonly StepReport[]
  /** `null` where the steps were listed. */
  readonly search: StepSearch | null
  /** Signal ÷ noise in dB by layer. */
  readonly layerNoise: ReadonlyMap<string, number>
  readonly layerTimes: LayerTimes
  readonly runtime: Runtime
}

/** Complete but for peak memory. */
export async function assembleReport(parts: ReportParts): Promise<Report> {
  const { request, original, model, paths, runs, reports, layerTimes, runtime } = parts
  const { spec } = request
  const shapes = Object.fromEntries(
    Object.entries(runs.inputs ?? {}).map(([name, { shape }]) => [name, shape]),
  )
  const metric = metricOf(spec.evaluation)
  const measure = async (
    of: Model,
    files: readonly string[],
    run: RunMeasures,
  ): Promise<ModelMeasures> =>
    modelMeasures({
      sizeBytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
      transferBytes: await transferSize(files),
      statics: staticMeasures(of, runs.inputs === null ? null : shapes),
      ...run,
      metric,
      threads: spec.evaluation.latency.threads,
      batchSize: runs.batchSize,
    })
  const before = await measure(original.read(), original.files, runs.original)
  const after = await measure(model, paths, runs.compressed)
  const isHigherBetter = metric === 'none' || METRIC_TRAITS[metric].higherIsBetter
  const change = changeMeasures(before, after, isHigherBetter)
  const { timing, evaluation, fallback } = runs.placements
  const coverage = await coverageOf(model, parts)
  return {
    object: 'report',
    job: request.job,
    created_at: new Date().toISOString(),
    environment: {
      cpu: cpus()[0]?.model ?? 'unknown',
      threads: spec.evaluation.latency.threads,
      onnxruntime: runtime.version,
      tersor: request.tersorVersion,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    original: before,
    compressed: after,
    change,
    steps: [...reports],
    search: parts.search,
    layers: layerReports(model, inferTypes(model, { inputs: shapes }), {
      coverage,
      noise: parts.layerNoise,
      times: { original: layerTimes.original.layers, compressed: layerTimes.compressed.layers },
    }),
    operators: operatorTimes(layerTimes.original.operators, layerTimes.compressed.operators),
    coverage: {
      ...timing,
      macs_in_integer_kernels: coverage?.integerMacs ?? null,
      evaluation,
      fallback,
    },
    goal: goalChecks(spec.goal, { change, compressed: after }),
    warnings: [
      ...reportWarnings(before, after, change),
      ...busyWarnings([before, after], timing.provider),
      ...fallbackWarnings(fallback),
    ],
  }
}

/** `null` when the runtime cannot write down what it made of the model, as of one beyond the size of a file. */
async function coverageOf(
  model: Model,
  { runtime, paths, runs }: ReportParts,
): Promise<KernelCoverage | null> {
  const { provider } = runs.placements.timing
  if (paths.length > 1) return null
  try {
    return await kernelCoverage(model, runtime, dirname(paths[0]), provider)
  } catch (error) {
    if (error instanceof RuntimeRejection) return null
    throw error
  }
}

function fallbackWarnings(fallback: Fallback | 'none'): ReportWarning[] {
  if (fallback === 'none') return []
  const detail = `the job asked for ${fallback.requested}; the CPU ran instead: ${fallback.reason}`
  return [{ code: 'accelerator_fallback', detail }]
}
