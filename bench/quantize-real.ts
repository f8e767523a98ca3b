// Static quantization of every model of a folder: size, speed at one thread and agreement with the original of each placement.
// `bench/quantize-real.ts <folder of .onnx> [name…]`. Inputs are random: agreement is of outputs, not of accuracy.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { quantizeDynamic } from '#engine/quantize/dynamic'
import { quantizeFloat16 } from '#engine/quantize/float16'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { interleavedTiming } from './interleaved-timing.ts'
import { randomFeeds } from './random-feeds.ts'
import { signalToNoise } from './signal-to-noise.ts'

const [folder, ...names] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: quantize-real <folder of .onnx> [name…]')
const runtime = openRuntime()

async function measure(file: string, bytes: Uint8Array): Promise<void> {
  const model = readModel(bufferRange(bytes))
  const original = await runtime.load(bytes, { threads: 1, optimization: 'all' })
  const calibration = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => randomFeeds(original.inputs, seed))
  const start = performance.now()
  const { float, candidates } = await staticCandidates(model, STATIC_DEFAULTS, calibration, runtime)
  const elapsed = performance.now() - start
  const fresh = (): Model => readModel(bufferRange(bytes))
  const dynamic = await quantizeDynamic(fresh(), { perChannel: false, excludedLayers: [] }, runtime)
  const half = await quantizeFloat16(
    fresh(),
    { keepIoTypes: true, excludedLayers: [], feeds: calibration },
    runtime,
  )
  const models = [float, ...candidates.map(({ model: made }) => made), dynamic.model, half.model]
  const files = models.map((made) => modelBytes(made))
  const sessions = [original]
  for (const content of files) {
    sessions.push(await runtime.load(content, { threads: 1, optimization: 'all' }))
  }
  const feeds = randomFeeds(original.inputs, 99)
  const expected = await original.run(feeds)
  const timing = await interleavedTiming(sessions, feeds, 1500)
  console.log(
    `${file}: ${(timing.milliseconds[0] ?? 0).toFixed(3)} ms, ${bytes.length} B; quantized in ${elapsed.toFixed(0)} ms`,
  )
  const placements = candidates.map(({ placement }) => placement)
  const labels = ['simplified', ...placements, 'dynamic', 'float16']
  for (const [index, label] of labels.entries()) {
    const session = sessions[index + 1]
    const actual = await session?.run(feeds)
    const size = files[index]?.length ?? NaN
    const results = [...candidates, dynamic]
    const count = results[index - 1]?.details['integer_nodes'] ?? 0
    const noise = actual === undefined ? NaN : signalToNoise(expected, actual)
    console.log(
      `   ${label.padEnd(14)} ${(timing.speedups[index + 1] ?? 0).toFixed(2)}× fast, ${(bytes.length / size).toFixed(2)}× small, ${noise.toFixed(1)} dB, ${String(count)} integer nodes`,
    )
  }
  for (const session of sessions) await session.release()
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  try {
    await measure(file, new Uint8Array(readFileSync(join(folder, file))))
  } catch (error) {
    const detail = error instanceof Error && 'detail' in error ? String(error.detail) : ''
    console.log(`${file}: FAILED ${String(error)} ${detail}`)
  }
}
