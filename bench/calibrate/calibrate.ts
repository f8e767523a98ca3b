// Time and peak memory of calibrating a network of ResNet-18's shape, beside onnxruntime's Python calibrator, one thread each, one
// after the other: `bench/calibrate/calibrate.ts PYTHON FOLDER [ROUNDS]`. PYTHON has onnxruntime; FOLDER takes the files made.

import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IMAGE, residualNetwork, uniform } from './residual-network.ts'

const [python, folder, rounds = '1'] = process.argv.slice(2)
if (python === undefined || folder === undefined) {
  throw new Error('usage: calibrate PYTHON FOLDER [ROUNDS]')
}

interface Figures {
  readonly milliseconds: number
  readonly processor: number
  readonly peak: number
  readonly tensors: number
}

const CHILD = fileURLToPath(new URL('calibrate-child.js', import.meta.url))
// Compiled, this file lies in dist/bench/calibrate; the script stays in the source folder.
const PEER = fileURLToPath(new URL('../../../bench/calibrate/calibrate_peer.py', import.meta.url))

const MOST = 1000
const model = join(folder, 'resnet18.onnx')
const samples = join(folder, 'images.f32')
mkdirSync(folder, { recursive: true })
if (!existsSync(model)) writeFileSync(model, residualNetwork(1))
if (!existsSync(samples)) writeImages(samples)

/** Smooth pictures with noise: neighbouring pixels are alike. */
function writeImages(path: string): void {
  const file = openSync(path, 'w')
  const random = uniform(2)
  const [channels, height, width] = IMAGE
  for (let sample = 0; sample < MOST; sample += 1) {
    const image = new Float32Array(channels * height * width)
    const [phase, scale] = [6 * random(), 0.02 + 0.1 * random()]
    for (let index = 0; index < image.length; index += 1) {
      const [x, y] = [index % width, Math.floor(index / width) % height]
      image[index] = Math.sin(phase + scale * x) + Math.cos(scale * y) + 0.3 * (random() - 0.5)
    }
    writeSync(file, new Uint8Array(image.buffer))
  }
  closeSync(file)
}

function run(command: string, script: string, count: number, method: string): Figures {
  const output = execFileSync(command, [script, model, samples, String(count), method], {
    encoding: 'utf8',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Figures
}

function line(label: string, { milliseconds, processor, peak, tensors }: Figures): void {
  const [seconds, own] = [milliseconds, processor].map((time) => (time / 1000).toFixed(2))
  console.log(
    `${label.padEnd(34)} ${seconds} s (${own} s of processor), ${(peak / 2 ** 20).toFixed(0)} MiB, ${tensors} tensors`,
  )
}

console.log(`model ${statSync(model).size} B`)
for (let round = 0; round < Number(rounds); round += 1) {
  for (const count of [32, 128]) {
    const own = run(process.execPath, CHILD, count, 'percentile')
    const peer = run(python, PEER, count, 'percentile')
    line(`percentile, ${count} samples, ours`, own)
    line(`percentile, ${count} samples, Python`, peer)
    const time = (own.milliseconds / peer.milliseconds).toFixed(2)
    const processor = (own.processor / peer.processor).toFixed(2)
    console.log(
      `   time ${time} ×, of processor ${processor} ×, memory ${(own.peak / peer.peak).toFixed(3)} × of Python's`,
    )
  }
}
for (const method of ['minmax', 'percentile', 'entropy', 'mse', 'auto']) {
  line(`${method}, 32 samples, ours`, run(process.execPath, CHILD, 32, method))
}
line(`percentile, ${MOST} samples, ours`, run(process.execPath, CHILD, MOST, 'percentile'))
