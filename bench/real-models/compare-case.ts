// One model through the service and through onnxruntime's Python quantizer, with the same calibration and evaluation samples.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Runtime } from '#engine/runtime/runtime'
import type { Report } from '#src/domain/report'
import type { ModelCase } from './case.ts'
import type { Latency } from './compare-latency.ts'
import { compareLatency } from './compare-latency.ts'
import type { LabelledData } from './datasets/labelled-data.ts'
import { sampleCount } from './datasets/labelled-data.ts'
import { safetensorsBytes } from './datasets/safetensors-file.ts'
import type { PeerResult } from './peer-quantizer.ts'
import { runPeer } from './peer-quantizer.ts'
import { watchDescendants } from './process-memory.ts'
import type { RunningService } from '../../examples/demo/start-service.ts'
import { scoreModel } from './score-model.ts'
import { serviceClient } from './service-client.ts'

export interface Contender {
  readonly sizeBytes: number | null
  readonly score: number | null
  readonly latency: Latency | null
  readonly wallMs: number
  readonly peakBytes: number
  readonly error: string | null
}

export interface Comparison {
  readonly modelCase: ModelCase
  readonly samples: number
  readonly sizeBytes: number
  readonly score: number
  readonly latency: Latency
  readonly ours: Contender
  readonly report: Report | null
  readonly defaults: Contender
  readonly u8s8: Contender
}

export interface Bench {
  readonly shared: string
  readonly scratch: string
  readonly python: string
  readonly runtime: Runtime
  readonly service: RunningService
  readonly evaluationSamples: number
}

/** A contender before it is scored and timed. */
interface Entry extends PeerResult {
  readonly report?: Report
}

export async function compareCase(bench: Bench, modelCase: ModelCase): Promise<Comparison> {
  const { model, metric } = modelCase
  const path = join(bench.shared, 'models', `${model}.onnx`)
  const original = new Uint8Array(readFileSync(path))
  const data = await modelCase.load(bench.shared, bench.evaluationSamples)
  const calibration = join(bench.scratch, 'calibration.safetensors')
  writeFileSync(calibration, safetensorsBytes(data.calibration))
  const ours = await throughService(bench.service, modelCase, original, data)
  writeFileSync(join(bench.scratch, `${model}.tersor.onnx`), ours.bytes ?? '')
  const peer = (variant: 'defaults' | 'u8s8') => {
    const output = join(bench.scratch, `${model}.${variant}.onnx`)
    return runPeer(bench.python, { model: path, calibration, output, variant })
  }
  const entries = [ours, await peer('defaults'), await peer('u8s8')] as const
  const { runtime } = bench
  const models = [original, ...entries.map(({ bytes }) => bytes)]
  const latencies = await compareLatency(runtime, models, data.evaluation)
  const judge = async (entry: Entry, latency: Latency | null): Promise<Contender> => ({
    sizeBytes: entry.bytes?.length ?? null,
    score:
      entry.bytes === null ? null : await scoreModel(runtime, entry.bytes, data.evaluation, metric),
    latency,
    wallMs: entry.wallMs,
    peakBytes: entry.peakBytes,
    error: entry.error,
  })
  return {
    modelCase,
    samples: sampleCount(data.evaluation),
    sizeBytes: original.length,
    score: await scoreModel(runtime, original, data.evaluation, metric),
    latency: latencies[0]!,
    ours: await judge(ours, latencies[1]!),
    report: ours.report ?? null,
    defaults: await judge(entries[1], latencies[2]!),
    u8s8: await judge(entries[2], latencies[3]!),
  }
}

async function throughService(
  { url, pid }: RunningService,
  { model, metric }: ModelCase,
  original: Uint8Array,
  data: { readonly calibration: LabelledData; readonly evaluation: LabelledData },
): Promise<Entry> {
  const client = serviceClient(url)
  const fail = (error: string, wallMs = 0): Entry => ({ bytes: null, error, wallMs, peakBytes: 0 })
  try {
    const body = {
      model: await client.uploadModel(model, original),
      steps: [
        { type: 'simplify' },
        {
          type: 'quantize',
          method: 'static',
          calibration: { samples: sampleCount(data.calibration) },
        },
      ],
      datasets: {
        calibration: await client.uploadDataset('calibration', safetensorsBytes(data.calibration)),
        evaluation: await client.uploadDataset('evaluation', safetensorsBytes(data.evaluation)),
      },
      evaluation: { task: metric === 'mse' ? 'regression' : 'classification', metric },
    }
    const memory = watchDescendants(pid)
    const job = await client.runJob(body)
    const peakBytes = memory.stop()
    if (job.status !== 'succeeded') return fail(JSON.stringify(job.error), job.wallMs)
    const report = await client.report(job.id)
    const bytes = await client.compressedModel(job.id)
    return { bytes, error: null, wallMs: job.wallMs, peakBytes, report }
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}
