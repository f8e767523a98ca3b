// Quantizes one file in a process of its own, and tells its time and peak memory.

import { readFileSync, writeFileSync } from 'node:fs'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { blobs } from './network.ts'

const [source = '', target = '', side = '', samples = ''] = process.argv.slice(2)
const model = readModel(bufferRange(new Uint8Array(readFileSync(source))))
const seeds = Array.from({ length: Number(samples) }, (_, seed) => seed)
const feeds = {
  *[Symbol.iterator]() {
    for (const seed of seeds) yield { x: blobs(Number(side), seed) }
  },
}
const start = performance.now()
const options = { ...STATIC_DEFAULTS, placements: ['all-but-first'] as const }
const { candidates } = await staticCandidates(model, options, feeds, openRuntime())
const seconds = (performance.now() - start) / 1000
const [candidate] = candidates
if (candidate === undefined) throw new Error('no candidate')
writeFileSync(target, modelBytes(candidate.model))
const peak = Number(/VmHWM:\s+(\d+)/u.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
const cpu = process.cpuUsage()
console.log(
  `quantized in ${seconds.toFixed(1)} s (${((cpu.user + cpu.system) / 1e6).toFixed(1)} s of processor time), peak ${((peak * 1024) / 1e9).toFixed(2)} GB, ${candidate.integerNodes.length} integer nodes, ${String(candidate.details['bias_corrected'])} biases corrected`,
)
