// Static quantization with its defaults of every model of a folder, beside onnxruntime's Python quantizer: size, noise, time to
// quantize, speed at one and at two threads, as a Markdown table. Inputs are random.
// `bench/int8-speed.ts <folder of .onnx> <python with onnxruntime, or none> <scratch folder> [name…]`; build first.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { describeError } from './int8-speed/describe-error.ts'
import { quantizeByDefaults } from './int8-speed/quantize-by-defaults.ts'
import { randomSamples } from './int8-speed/random-samples.ts'
import { speedsOf } from './int8-speed/speeds-of.ts'
import { summaryOf } from './int8-speed/summary-of.ts'
import type { SpeedRow } from './int8-speed/summary-of.ts'
import { safetensorsBytes } from './real-models/datasets/safetensors-file.ts'
import { classLabels } from './real-models/datasets/labelled-data.ts'
import { runPeer } from './real-models/peer-quantizer.ts'
import { signalToNoise } from './signal-to-noise.ts'

const SAMPLES = 32
const THREADS = [1, 2] as const

const [folder, python, scratch, ...names] = process.argv.slice(2)
if (folder === undefined || python === undefined || scratch === undefined) {
  throw new Error('usage: int8-speed <folder of .onnx> <python | none> <scratch folder> [name…]')
}
mkdirSync(scratch, { recursive: true })
const runtime = openRuntime()

async function peerOf(path: string, calibration: string, variant: 'defaults' | 'u8s8') {
  if (python === undefined || python === 'none') return null
  const output = join(scratch ?? '', `${variant}.onnx`)
  return (await runPeer(python, { model: path, calibration, output, variant })).bytes
}

async function measure(file: string): Promise<SpeedRow> {
  const path = join(folder ?? '', file)
  const bytes = new Uint8Array(readFileSync(path))
  const original = await runtime.load(bytes, { threads: 1, optimization: 'all' })
  const samples = randomSamples(original.inputs, SAMPLES)
  const calibration = join(scratch ?? '', 'calibration.safetensors')
  const labels = classLabels(new Array<number>(SAMPLES).fill(0))
  writeFileSync(calibration, safetensorsBytes({ inputs: samples.fields, labels }))
  const data = { calibration: samples, evaluation: null }
  const start = performance.now()
  const outcome = await quantizeByDefaults(readModel(bufferRange(bytes)), data, runtime)
  const seconds = (performance.now() - start) / 1000
  const own = modelBytes(outcome.model)
  writeFileSync(join(scratch ?? '', file), own)
  const peers = [
    await peerOf(path, calibration, 'defaults'),
    await peerOf(path, calibration, 'u8s8'),
  ]
  const feeds = await samples.batch(0, 1)
  const quantized = await runtime.load(own, { threads: 1, optimization: 'all' })
  const decibels = signalToNoise(await original.run(feeds), await quantized.run(feeds))
  await original.release()
  await quantized.release()
  const speeds: (readonly (number | null)[])[] = []
  for (const threads of THREADS) {
    speeds.push(await speedsOf(runtime, [bytes, own, ...peers], feeds, threads))
  }
  const { placement, integer_nodes: integers } = outcome.details
  return {
    file,
    seconds,
    placement: `${String(placement)}, ${String(integers)}`,
    sizeRatio: bytes.length / own.length,
    decibels,
    own: speeds.map((row) => row[1] ?? null),
    defaults: speeds.map((row) => row[2] ?? null),
    u8s8: speeds.map((row) => row[3] ?? null),
  }
}

const rows: SpeedRow[] = []
console.log('| model | kept, integer nodes | s | size | dB | own 1, 2 threads | peer | u8s8 |')
console.log('|---|---|---|---|---|---|---|---|')
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  try {
    const row = await measure(file)
    rows.push(row)
    console.log(
      `| ${[row.file, row.placement, row.seconds.toFixed(1), row.sizeRatio.toFixed(2), row.decibels.toFixed(1), ...[row.own, row.defaults, row.u8s8].map(shown)].join(' | ')} |`,
    )
  } catch (error) {
    console.log(`| ${file} | ${describeError(error)} |`)
  }
}
console.log(summaryOf(rows))

function shown(speeds: readonly (number | null)[]): string {
  return speeds.map((speed) => speed?.toFixed(2) ?? '-').join(', ')
}
