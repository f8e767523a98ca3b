// Latency at one thread of models with half of their channels against the originals, runs interleaved:
// `bench/prune-latency.ts [--multiple=8] <folder of .onnx> [name…]`. Speed-up beside the ratio of multiply-accumulates.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pruneChannels } from '#engine/prune/prune-channels'
import { simplify } from '#engine/rewrite/simplify'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { interleavedTiming } from './interleaved-timing.ts'
import { randomFeeds } from './random-feeds.ts'

const BUDGET_MS = 2000

const MULTIPLE = /^--multiple=(\d+)$/

const words = process.argv.slice(2)
const multiple = Number(words.flatMap((word) => MULTIPLE.exec(word)?.[1] ?? [])[0] ?? 8)
const [folder, ...names] = words.filter((word) => !MULTIPLE.test(word))
if (folder === undefined) throw new Error('usage: prune-latency <folder of .onnx> [name…]')
const runtime = openRuntime()
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  try {
    const bytes = new Uint8Array(readFileSync(join(folder, file)))
    const model = readModel(bufferRange(bytes))
    const { details } = await pruneChannels(
      model,
      {
        importance: 'magnitude',
        norm: 'l2',
        amount: { kind: 'sparsity', value: 0.5 },
        scope: { kind: 'layer' },
        limits: { minChannels: 8, channelMultiple: multiple },
        excludedLayers: [],
        normalizedAxes: 'auto',
        repair: false,
        seed: 0,
      },
      'none',
      runtime,
    )
    await simplify(model, runtime)
    const sessions = [
      await runtime.load(bytes, { threads: 1, optimization: 'all' }),
      await runtime.load(modelBytes(model), { threads: 1, optimization: 'all' }),
    ]
    const [session] = sessions
    if (session === undefined) continue
    const feeds = randomFeeds(session.inputs, 1)
    const { milliseconds, speedups } = await interleavedTiming(sessions, feeds, BUDGET_MS)
    const ratio = 1 / Number(details['macs_kept'])
    const speedup = speedups[1] ?? 0
    console.log(
      `${file}: ${milliseconds.map((time) => time.toFixed(2)).join(' → ')} ms, ${speedup.toFixed(2)} × as fast, MACs ÷ ${ratio.toFixed(2)}, share ${(speedup / ratio).toFixed(2)}`,
    )
    for (const one of sessions) await one.release()
  } catch (error) {
    console.log(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
