// Weight-only quantization of a model of gigabytes whose weights lie beside it: time against copying the file, and peak memory of the process
// that reads, quantizes and writes.
// Usage: npm run build && node dist/bench/weight-only.js [GiB = 1] [algorithm = rtn] [scale search = false] [float32 | float16]

import { spawn } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WEIGHT_ONLY_DEFAULTS } from '#engine/quantize/weight-only/weight-only-options'
import { quantizeWeightOnly } from '#engine/quantize/weight-only/weight-only'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange, fileRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { encodeFloat16 } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { openSpillFile } from '#workers/steps/spill-file'
import { writeModelFile } from '#workers/steps/write-model-file'

const MIB = 2 ** 20
const WIDTH = 4096
const HIDDEN = 11008
const LAYER_ELEMENTS = 4 * WIDTH * WIDTH + 3 * WIDTH * HIDDEN

const [first = '1', algorithm = 'rtn', search = 'false', dtype = 'float32', inner] =
  process.argv.slice(2)
const IS_HALF = dtype === 'float16'
const WIDTH_BYTES = IS_HALF ? 2 : 4
const TYPE = IS_HALF ? 'float16' : 'float'

/** Layers of four square products and three wide ones, as in a Llama of 7 · 10⁹ parameters; one of them takes 809 MB. */
function writeModel(folder: string, gibibytes: number): void {
  const layers = Math.max(1, Math.round((gibibytes * 2 ** 30) / (WIDTH_BYTES * LAYER_ELEMENTS)))
  const inputs: string[] = []
  const nodes: string[] = []
  for (let layer = 0; layer < layers; layer += 1) {
    const weight = (name: string, rows: number, columns: number): string => {
      inputs.push(`${TYPE}[${rows}, ${columns}] ${name}${layer}`)
      return `${name}${layer}`
    }
    const from = layer === 0 ? 'x' : `y${layer - 1}`
    for (const name of ['q', 'k', 'v', 'o']) {
      nodes.push(`t${name}${layer} = MatMul(${from}, ${weight(name, WIDTH, WIDTH)})`)
    }
    nodes.push(`a${layer} = Add(tq${layer}, tk${layer}) b${layer} = Add(tv${layer}, to${layer})`)
    nodes.push(`c${layer} = Add(a${layer}, b${layer})`)
    nodes.push(`u${layer} = MatMul(c${layer}, ${weight('wu', WIDTH, HIDDEN)})`)
    nodes.push(`g${layer} = MatMul(c${layer}, ${weight('wg', WIDTH, HIDDEN)})`)
    nodes.push(`h${layer} = Mul(u${layer}, g${layer})`)
    nodes.push(`y${layer} = MatMul(h${layer}, ${weight('wd', HIDDEN, WIDTH)})`)
  }
  const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
    synthetic (${TYPE}[N, ${WIDTH}] x, ${inputs.join()}) => (${TYPE}[N, ${WIDTH}] y${layers - 1})
    { ${nodes.join('\n')} }`)
  let offset = 0
  for (const value of model.graph.inputs.splice(1)) {
    const dims = value.type?.kind === 'tensor' ? (value.type.shape ?? []).map(Number) : []
    const length = dims.reduce((a, b) => a * b, WIDTH_BYTES)
    const entries = Object.entries({
      location: 'weights',
      offset: String(offset),
      length: String(length),
    })
    const storage = { kind: 'external', entries, range: 'none' } as const
    model.graph.setInitializer(value, {
      kind: 'tensor',
      name: value.name,
      dtype: IS_HALF ? 'float16' : 'float32',
      dims,
      storage,
    })
    offset += length
  }
  writeFileSync(join(folder, 'model.onnx'), modelBytes(model))
  writeWeights(join(folder, 'weights'), offset)
}

/** Sums of uniform numbers, the same 16 MiB over and over. */
function writeWeights(path: string, bytes: number): void {
  const values = new Float32Array(4 * MIB)
  let state = 1
  for (let index = 0; index < values.length; index += 1) {
    let sum = 0
    for (let term = 0; term < 3; term += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      sum += state / 2 ** 32 - 0.5
    }
    values[index] = sum * 0.04
  }
  const chunk = new Uint8Array(IS_HALF ? encodeFloat16(values).buffer : values.buffer)
  const file = openSync(path, 'wx')
  for (let done = 0; done < bytes;) {
    done += writeSync(file, chunk, 0, Math.min(chunk.byteLength, bytes - done))
  }
  fsyncSync(file)
  closeSync(file)
}

async function quantize(folder: string): Promise<void> {
  const open = (name: string) => {
    const file = openSync(join(folder, name), 'r')
    return fileRange(file, 0, fstatSync(file).size)
  }
  const start = performance.now()
  const bytes = bufferRange(new Uint8Array(readFileSync(join(folder, 'model.onnx'))))
  const model = readModel(bytes, { externalData: open })
  const options = {
    ...WEIGHT_ONLY_DEFAULTS,
    algorithm: algorithm as 'rtn' | 'hqq',
    scaleSearch: search === 'true',
    format: 'matmul_nbits',
  } as const
  const { details } = await quantizeWeightOnly(model, options, {
    runtime: openRuntime(),
    threads: 1,
    feeds: null,
    store: openSpillFile(folder),
    inputShapes: {},
    progress: () => {},
  })
  const [file] = writeModelFile(model, join(folder, 'small.onnx')).paths
  const { size } = statSync(file)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage()
  const cpu = (user + system) / 1e6
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const layers = details['layers'] as readonly { readonly weight_error: number }[]
  const error = layers.reduce((sum, layer) => sum + layer.weight_error, 0) / layers.length
  console.log(JSON.stringify({ seconds, cpu, peakMiB: Number(peak) / 1024, size, error }))
}

/** The answer of a process of its own, whose peak memory is this work's alone. */
async function quantizeApart(folder: string): Promise<Record<string, number>> {
  const child = spawn(
    process.execPath,
    [process.argv[1] ?? '', first, algorithm, search, dtype, folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  return JSON.parse(text) as Record<string, number>
}

if (inner !== undefined) await quantize(inner)
else {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-weight-only-'))
  try {
    writeModel(folder, Number(first))
    const source = join(folder, 'weights')
    console.log(`weights: ${(statSync(source).size / 2 ** 30).toFixed(2)} GiB`)
    const copies: number[] = []
    const copy = (): void => {
      const target = join(folder, 'copy')
      if (existsSync(target)) rmSync(target)
      const start = performance.now()
      copyFileSync(source, target)
      const file = openSync(target, 'r+')
      fsyncSync(file)
      closeSync(file)
      copies.push((performance.now() - start) / 1000)
      rmSync(target)
    }
    copy()
    const made = await quantizeApart(folder)
    copy()
    const copied = copies.reduce((a, b) => a + b) / copies.length
    const { seconds = 0, cpu = 0, peakMiB = 0, size = 0, error = 0 } = made
    console.log(
      `${algorithm}, scale search ${search}: ${seconds.toFixed(1)} s (${cpu.toFixed(1)} s of processor), ${(seconds / copied).toFixed(2)} × copying (${copies.map((s) => s.toFixed(1)).join(' and ')} s), peak ${peakMiB.toFixed(0)} MiB, ${(size / MIB).toFixed(0)} MiB written, relative error of weights ${error.toFixed(4)}`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
