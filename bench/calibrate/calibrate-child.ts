// Calibrates one model in a process of its own, so that its peak memory is that of calibration:
// `calibrate-child MODEL SAMPLES COUNT METHOD`. Prints milliseconds, those of the processor, and bytes as JSON.

import { openSync, readFileSync, readSync } from 'node:fs'
import { calibrate } from '#engine/quantize/calibrate'
import { calibratedValues } from '#engine/quantize/calibrated-values'
import { findSites } from '#engine/quantize/quantization-sites'
import type { RangeMethod } from '#engine/quantize/range-method'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { IMAGE } from './residual-network.ts'

const [path = '', samples = '', count = '1', method = 'percentile'] = process.argv.slice(2)
const start = performance.now()
const before = process.cpuUsage()
const model = readModel(bufferRange(new Uint8Array(readFileSync(path))))
const file = openSync(samples, 'r')
const size = IMAGE.reduce((product, dim) => product * dim, 1)

function* feeds() {
  for (let sample = 0; sample < Number(count); sample += 1) {
    const data = new Float32Array(size)
    readSync(file, new Uint8Array(data.buffer), 0, size * 4, sample * size * 4)
    yield { x: { dtype: 'float32', dims: [1, ...IMAGE], data } } as const
  }
}

const names = calibratedValues(findSites(model, new Set()))
const options = { method: { name: method as RangeMethod, percentile: 99.999 }, threads: 1 }
const source = { [Symbol.iterator]: feeds }
const { ranges } = await calibrate(model, names, source, openRuntime(), options)
const milliseconds = performance.now() - start
const status = readFileSync('/proc/self/status', 'utf8')
const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
const { user, system } = process.cpuUsage(before)
const processor = (user + system) / 1000
console.log(JSON.stringify({ milliseconds, processor, peak, tensors: ranges.size }))
