// Accuracy, size and speed at one thread of quantized real models against the float original, on labelled data:
// `bench/quantize-accuracy.ts <folder of .onnx> <folder of data> [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { quantizeDynamic } from '#engine/quantize/dynamic'
import { quantizeFloat16 } from '#engine/quantize/float16'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeSession } from '#engine/runtime/runtime'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { interleavedTiming } from './interleaved-timing.ts'
import type { LabelledSample, LabelledSet } from './labelled-samples.ts'
import { LABELLED_SETS } from './labelled-samples.ts'

const [models, data, ...names] = process.argv.slice(2)
if (models === undefined || data === undefined) {
  throw new Error('usage: quantize-accuracy <folder of .onnx> <folder of data> [name…]')
}
const runtime = openRuntime()

async function decisions(
  session: RuntimeSession,
  samples: readonly LabelledSample[],
): Promise<number[]> {
  const output = session.outputs[0]?.name ?? ''
  const chosen: number[] = []
  for (const { feeds } of samples) {
    const scores = Array.from((await session.run(feeds))[output]?.data ?? [], Number)
    chosen.push(scores.indexOf(Math.max(...scores)))
  }
  return chosen
}

function share(chosen: readonly number[], wanted: readonly number[]): number {
  return chosen.filter((choice, index) => choice === wanted[index]).length / chosen.length
}

async function measure(file: string, bytes: Uint8Array, set: LabelledSet): Promise<void> {
  const fresh = (): Model => readModel(bufferRange(bytes))
  const calibration = set.calibration.map(({ feeds }) => feeds)
  const start = performance.now()
  const { candidates } = await staticCandidates(fresh(), STATIC_DEFAULTS, calibration, runtime)
  const elapsed = performance.now() - start
  const dynamic = await quantizeDynamic(fresh(), { perChannel: false, excludedLayers: [] }, runtime)
  const half = await quantizeFloat16(
    fresh(),
    { keepIoTypes: true, excludedLayers: [], feeds: calibration },
    runtime,
  )
  const made = [
    ...candidates.map((candidate) => ({ name: candidate.placement, model: candidate.model })),
    { name: 'dynamic', model: dynamic.model },
    { name: 'float16', model: half.model },
  ]
  const files = [bytes, ...made.map(({ model }) => modelBytes(model))]
  const sessions: RuntimeSession[] = []
  for (const content of files) {
    sessions.push(await runtime.load(content, { threads: 1, optimization: 'all' }))
  }
  const labels = set.test.map(({ label }) => label)
  const timing = await interleavedTiming(sessions, set.test[0]?.feeds ?? {}, 1500)
  console.log(
    `${file}: ${(timing.milliseconds[0] ?? 0).toFixed(3)} ms, ${bytes.length} B, ${set.test.length} samples; static quantization took ${elapsed.toFixed(0)} ms`,
  )
  let original: number[] = []
  for (const [index, session] of sessions.entries()) {
    const chosen = await decisions(session, set.test)
    if (index === 0) original = chosen
    const name = index === 0 ? 'original' : (made[index - 1]?.name ?? '')
    const size = files[index]?.length ?? NaN
    console.log(
      `   ${name.padEnd(14)} accuracy ${(100 * share(chosen, labels)).toFixed(2)} %, agreement ${(100 * share(chosen, original)).toFixed(2)} %, ${(timing.speedups[index] ?? 0).toFixed(2)}× fast, ${(bytes.length / size).toFixed(2)}× small`,
    )
    await session.release()
  }
}

for (const file of readdirSync(models).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  const prefix = Object.keys(LABELLED_SETS).find((name) => file.startsWith(name))
  const loader = prefix === undefined ? undefined : LABELLED_SETS[prefix]
  if (loader === undefined) continue
  try {
    await measure(file, new Uint8Array(readFileSync(join(models, file))), loader(data, models))
  } catch (error) {
    const detail = error instanceof Error && 'detail' in error ? String(error.detail) : ''
    console.log(`${file}: FAILED ${String(error)} ${detail}`)
  }
}
