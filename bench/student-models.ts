// Students made of models of all kinds: residual blocks found and left out, channels taken, parameters and MACs of what is left, run
// once by the runtime. Run: node dist/bench/student-models.js FOLDER [WIDTH] [DEPTH] [NAME…]

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeStudent } from '#engine/distill/make-student'
import { openRuntime } from '#engine/runtime/ort'
import { inspectModel } from '#src/onnx/inspect-model'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { verifyAndCount } from '#src/onnx/verify-model'

const [folder = '.', width = '0.5', depth = '0.5', ...names] = process.argv.slice(2)
const runtime = openRuntime()

async function sizeOf(model: Model) {
  const { graph } = inspectModel(model, await verifyAndCount(model))
  return { parameters: graph.parameters, macs: graph.macs ?? 0 }
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((wanted) => name.includes(wanted))) continue
  const model = readModel(bufferRange(readFileSync(join(folder, name))))
  const before = await sizeOf(model)
  const size = { width: Number(width), depth: Number(depth) }
  const start = performance.now()
  const result = await makeStudent(model, size, 'none', runtime)
    .then(async ({ details, declined }) => {
      const after = await sizeOf(model)
      const kept = (key: 'parameters' | 'macs') => (after[key] / before[key]).toFixed(2)
      const why = declined.filter(({ node }) => node === null).map(({ reason }) => reason)
      return `blocks ${String(details['dropped'] ?? '–')} of ${String(details['blocks'] ?? '–')} left out, parameters × ${kept('parameters')}, MACs × ${kept('macs')} ${why.join('; ')}`
    })
    .catch((error: unknown) => `FAILED ${String(error)}`.slice(0, 300))
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${name.padEnd(56)} ${result} (${seconds} s)`)
}
