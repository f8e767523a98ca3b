// Static quantization of a U-shaped segmentation network of 43 million parameters given as a float16 file, with 8 calibration samples:
// peak memory and time of the process that quantizes, agreement of the masks, speed at one thread, runs interleaved.
// Usage: npm run build && node dist/bench/u-net.js [side of the image = 1024] [samples = 8]

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quantizeFloat16 } from '#engine/quantize/float16'
import { outputError } from '#engine/quantize/output-error'
import { openRuntime } from '#engine/runtime/ort'
import { modelBytes } from '#src/onnx/write-model'
import { interleavedTiming } from './interleaved-timing.ts'
import { blobs, uShapedNetwork } from './u-net/network.ts'

const side = Number(process.argv[2] ?? 1024)
const samples = Number(process.argv[3] ?? 8)
const TEST_SEED = 1000
const TESTS = 2

const folder = mkdtempSync(join(tmpdir(), 'tersor-u-net-'))
const [half, made] = [join(folder, 'half.onnx'), join(folder, 'made.onnx')]
try {
  const runtime = openRuntime()
  const options = { keepIoTypes: true, excludedLayers: [], feeds: 'none' } as const
  const { model } = await quantizeFloat16(uShapedNetwork(side), options, runtime)
  writeFileSync(half, modelBytes(model))
  console.log(`float16 file: ${(statSync(half).size / 1e6).toFixed(1)} MB, image ${side} × ${side}`)
  const child = fileURLToPath(new URL('./u-net/quantize-child.js', import.meta.url))
  const result = spawnSync(process.execPath, [child, half, made, String(side), String(samples)], {
    encoding: 'utf8',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  console.log(result.stdout.trim())
  if (result.status !== 0) throw new Error('the child failed')
  const load = (file: string) =>
    runtime.load(new Uint8Array(readFileSync(file)), { threads: 1, optimization: 'all' })
  const [original, quantized] = [await load(half), await load(made)]
  const outputs = { original: [], quantized: [] } as Record<string, Record<string, never>[]>
  let [same, positive, both] = [0, 0, 0]
  for (let index = 0; index < TESTS; index += 1) {
    const feeds = { x: blobs(side, TEST_SEED + index) }
    const [one, other] = [await original.run(feeds), await quantized.run(feeds)]
    outputs['original']?.push(one as never)
    outputs['quantized']?.push(other as never)
    one['y']?.data.forEach((value, at) => {
      const [a, b] = [Number(value) > 0, Number(other['y']?.data[at]) > 0]
      if (a === b) same += 1
      if (a || b) positive += 1
      if (a && b) both += 1
    })
  }
  const { noise } = outputError(outputs['original'] ?? [], outputs['quantized'] ?? [])
  const share = same / (TESTS * side * side)
  console.log(
    `masks: ${(100 * share).toFixed(2)} % of pixels agree, IoU ${(both / positive).toFixed(4)}; ${(-10 * Math.log10(noise)).toFixed(1)} dB`,
  )
  const timing = await interleavedTiming([original, quantized], { x: blobs(side, 1) }, 20_000)
  console.log(
    `speed: float16 file ${timing.milliseconds[0]?.toFixed(0)} ms, int8 ${timing.speedups[1]?.toFixed(2)} × as fast; ${(statSync(half).size / statSync(made).size).toFixed(2)} × smaller than the float16 file`,
  )
} finally {
  rmSync(folder, { recursive: true })
}
