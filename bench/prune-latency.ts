// Latency at one thread of models with half of their channels against the originals, runs interleaved, by processor time:
// `bench/prune-latency.ts [--multiple=auto] <folder of .onnx> [name…]`. Speed-up as a share of the ratio of multiply-accumulates,
// beside the share that it could reach at most.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pruneChannels } from '#engine/prune/prune-channels'
import { joinWhereFaster } from '#engine/prune/join-where-faster'
import { copyModel } from '#engine/rewrite/copy-model'
import { joinGroups } from '#engine/rewrite/join-groups'
import { simplify } from '#engine/rewrite/simplify'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeSession } from '#engine/runtime/runtime'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { countMacs } from '#src/onnx/macs/count-macs'
import { readModel } from '#src/onnx/read-model'
import { modelBytes } from '#src/onnx/write-model'
import { interleavedTiming, processorTime } from './interleaved-timing.ts'
import { randomFeeds } from './random-feeds.ts'
import { speedBound } from './speed-bound.ts'

const BUDGET_MS = 2000

const MULTIPLE = /^--multiple=(\d+|auto)$/

const words = process.argv.slice(2)
const named = words.flatMap((word) => MULTIPLE.exec(word)?.[1] ?? [])[0] ?? 'auto'
const channelMultiple = named === 'auto' ? named : Number(named)
const [folder, ...names] = words.filter((word) => !MULTIPLE.test(word))
if (folder === undefined) throw new Error('usage: prune-latency <folder of .onnx> [name…]')
const runtime = openRuntime()
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  try {
    const bytes = new Uint8Array(readFileSync(join(folder, file)))
    const pruned = readModel(bufferRange(bytes))
    const { details } = await pruneChannels(
      pruned,
      {
        importance: 'magnitude',
        norm: 'l2',
        amount: { kind: 'sparsity', value: 0.5 },
        scope: { kind: 'layer' },
        limits: { minChannels: 8, channelMultiple },
        excludedLayers: [],
        normalizedAxes: 'auto',
        repair: false,
        seed: 0,
      },
      'none',
      runtime,
    )
    const { model, joined } = await joinWhereFaster(pruned, [], 1, runtime)
    await simplify(model, runtime)
    const original = readModel(bufferRange(bytes))
    await simplify(original, runtime)
    // What joining groups alone is worth to the original.
    const widened = copyModel(original)
    if (joined !== null) joinGroups(widened)
    const sessions: RuntimeSession[] = []
    for (const file of joined === null ? [original, model] : [original, model, widened]) {
      sessions.push(await runtime.load(modelBytes(file), { threads: 1, optimization: 'all' }))
    }
    const [session] = sessions
    if (session === undefined) continue
    const feeds = randomFeeds(session.inputs, 1)
    const { milliseconds, speedups } = await interleavedTiming(
      sessions,
      feeds,
      BUDGET_MS,
      processorTime,
    )
    const bound = await speedBound(original, model, feeds, runtime)
    const sizes = Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims]))
    const [macs = 0, left = 0] = [original, model].map((file) => countMacs(file, sizes) ?? 0)
    const ratio = macs / left
    const speedup = speedups[1] ?? 0
    const gone = Number(details['removed']) / Number(details['channels'])
    const groups =
      joined === null
        ? ''
        : ` (groups of ${joined.layers} layers joined; the original with its own joined ${(speedups[2] ?? 0).toFixed(2)} × as fast)`
    const times = milliseconds
      .slice(0, 2)
      .map((time) => time.toFixed(2))
      .join(' → ')
    console.log(
      `${file}: multiple ${String(details['channel_multiple'])}, ${gone.toFixed(2)} of the channels gone${groups}, ${times} ms, ${speedup.toFixed(2)} × as fast, MACs ÷ ${ratio.toFixed(2)}, share ${(speedup / ratio).toFixed(2)}; bound ${(bound.speedup / ratio).toFixed(2)}, in vectors of 16 ${(bound.inVectors / ratio).toFixed(2)}`,
    )
    for (const one of sessions) await one.release()
  } catch (error) {
    console.log(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
