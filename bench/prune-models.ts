// Prunes half of every unit of every model of a folder and compares it with the masked original at two batch sizes:
// `bench/prune-models.ts [--normalized] <folder of .onnx> [name…]`. Constants of one repeated value are made random first, or the comparison is blind.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { balanceRows } from '#engine/prune/balance/balance-rows'
import { keepAxesAlive } from '#engine/prune/keep-axes-alive'
import { magnitude } from '#engine/prune/importance/magnitude'
import { removedByFraction } from '#engine/prune/choose-removed'
import { keptWhole } from '#engine/prune/kept-whole'
import { prepareModel } from '#engine/prune/prepare-model'
import { RemainingCost } from '#engine/prune/remaining-cost'
import { AxisTrace } from '#engine/prune/trace-axes'
import { unitsOf } from '#engine/prune/units'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { tensorSize } from '#src/onnx/ir/tensor'
import { makeTensor } from '#src/onnx/make-tensor'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { floatValues } from '#src/onnx/tensor-values'
import { floatTensor, normalValues, runtime } from '#test/engine/model-runs'
import { comparePruned, noiseFeeds } from '#test/support/prune-case'

const MANY_REASONS = 6

const NO_DATA = { feeds: 'none', gradients: 'none' } as const

const BY_MAGNITUDE = { importance: 'magnitude', norm: 'l2', seed: 0, excludedLayers: [] } as const

const NORMALIZED = process.argv.includes('--normalized') ? 'taken' : 'whole'

/** Each of them about its old value, with a spread. */
function varyConstants(model: Model): void {
  for (const value of model.graph.initializers.values()) {
    const tensor = value.constant
    if (tensor?.dtype !== 'float32' || tensorSize(tensor) < 2) continue
    const values = floatValues(tensor)
    const [first = 0] = values
    if (values.some((one) => one !== first)) continue
    const spread = first === 0 ? 0.1 : Math.max(0.1, Math.abs(first) * 0.3)
    const varied = normalValues(values.length, 9).map((one) => Math.abs(first + one * spread))
    value.graph?.setInitializer(value, makeTensor(value.name, 'float32', tensor.dims, [...varied]))
  }
}

/** Voice detectors take windows of 512 samples at 16 kHz; everything else takes noise. */
function feedsOf(shapes: Readonly<Record<string, readonly number[]>>, model: Model) {
  const feeds = { ...noiseFeeds(shapes, model) }
  const rate = feeds['sr']
  const batch = feeds['state']?.dims[1] ?? 1
  if (rate === undefined) return feeds
  return {
    ...feeds,
    input: floatTensor([batch, 512], 3),
    sr: { ...rate, data: BigInt64Array.from([16_000n]) },
  }
}

function reasonsOf(trace: AxisTrace): string {
  const counts = new Map<string, number>()
  for (const { reason } of keptWhole(trace)) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const sorted = [...counts].sort((one, other) => other[1] - one[1]).slice(0, MANY_REASONS)
  return sorted.map(([reason, count]) => `${count} × ${reason}`).join('; ')
}

async function bench(path: string): Promise<string> {
  const model = readModel(bufferRange(new Uint8Array(readFileSync(path))))
  const start = performance.now()
  await prepareModel(model, runtime)
  varyConstants(model)
  const { balanced, declined } = await balanceRows(model, BY_MAGNITUDE, NO_DATA, runtime)
  const rows = declined.length > 0 ? 'rows refused' : `${balanced.length} in rows`
  const prepared = performance.now()
  const trace = new AxisTrace(model, new Set(), NORMALIZED)
  const units = unitsOf(trace)
  const context = {
    trace,
    units,
    seed: 0,
    norm: 'l2',
    runtime,
    feeds: 'none',
    gradients: 'none',
    model,
  } as const
  const scores = await magnitude(context)
  const limits = { minChannels: 1, channelMultiple: 1 }
  const originally = units.map(({ atoms }) => atoms.length)
  const removed = removedByFraction({ units, scores, limits, originally }, { kind: 'layer' }, 0.5)
  keepAxesAlive(trace, removed)
  const analysed = performance.now()
  const cost = new RemainingCost(trace)
  const cut = 1 - cost.macs(removed) / Math.max(1, cost.macs(new Set()))
  const reasons = cut < 0.4 ? ` | ${reasonsOf(trace)}` : ''
  const { error, effect } = await comparePruned(trace, removed, [2, 3], feedsOf)
  const atoms = units.reduce((sum, unit) => sum + unit.atoms.length, 0)
  const seconds = `${((prepared - start) / 1000).toFixed(1)} + ${((analysed - prepared) / 1000).toFixed(1)} s`
  return `${units.length}/${atoms} | ${rows} | cut ${cut.toFixed(2)} | error ${error.toExponential(0)} | effect ${effect.toExponential(0)} | ${seconds}${reasons}`
}

const [folder, ...names] = process.argv.slice(2).filter((word) => word !== '--normalized')
if (folder === undefined) throw new Error('usage: prune-models <folder of .onnx> [name…]')
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  try {
    console.log(`${file} | ${await bench(join(folder, file))}`)
  } catch (error) {
    const detail = error instanceof Error && 'detail' in error ? `: ${String(error.detail)}` : ''
    console.log(
      `${file} | ${error instanceof Error ? (error.stack ?? '').slice(0, 600) : String(error)}${detail}`,
    )
  }
}
