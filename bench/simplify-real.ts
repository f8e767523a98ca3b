// Simplifies every model of a folder and compares outputs on random inputs: `bench/simplify-real.ts <folder of .onnx> [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import { simplify } from '#engine/rewrite/simplify'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { largestDifference, randomFeeds } from './random-feeds.ts'

const [folder, ...names] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: simplify-real <folder of .onnx> [name…]')
const runtime = openRuntime()
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  try {
    const bytes = new Uint8Array(readFileSync(join(folder, file)))
    const model = readModel(bufferRange(bytes))
    const start = performance.now()
    const report = await simplify(model, runtime)
    const elapsed = performance.now() - start
    const simplified = modelBytes(model, 'inline')
    const before = await runtime.load(bytes, { threads: 1, optimization: 'disabled' })
    const after = await runtime.load(simplified, { threads: 1, optimization: 'disabled' })
    const feeds = randomFeeds(before.inputs, 1)
    const difference = largestDifference(await before.run(feeds), await after.run(feeds))
    const { nodes_before, nodes_after, applied } = report.details
    console.log(
      `${file}: ${nodes_before} → ${nodes_after} nodes, ${bytes.length} → ${simplified.length} B, ${elapsed.toFixed(0)} ms, relative difference ${difference.toExponential(1)}, ${JSON.stringify(applied)}`,
    )
    const reasons = new Map<string, number>()
    for (const { rule, reason } of report.declined) {
      reasons.set(`${rule}: ${reason}`, (reasons.get(`${rule}: ${reason}`) ?? 0) + 1)
    }
    for (const [reason, count] of reasons) console.log(`   ${count} × ${reason}`)
    await before.release()
    await after.release()
  } catch (error) {
    const detail = error instanceof Error && 'detail' in error ? String(error.detail) : ''
    console.log(`${file}: FAILED ${String(error)} ${detail}`)
  }
}
