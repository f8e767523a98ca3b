// What one step `prune channel` with its defaults takes off every model of a folder: `bench/prune-api.ts <folder of .onnx> [name…]`.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ChannelOptions } from '#engine/prune/prune-channels'
import { pruneChannels } from '#engine/prune/prune-channels'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { countMacs } from '#src/onnx/macs/count-macs'
import { readModel } from '#src/onnx/read-model'
import { pruneChannel } from '#src/recipes/prune'

const [folder, ...names] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: prune-api <folder of .onnx> [name…]')
const runtime = openRuntime()
const step = pruneChannel.parse({ type: 'prune', method: 'channel', sparsity: 0.5 })
const options: Omit<ChannelOptions, 'scope'> = {
  importance: 'magnitude',
  norm: step.norm,
  amount: { kind: 'sparsity', value: 0.5 },
  limits: { minChannels: step.min_channels, channelMultiple: step.channel_multiple },
  excludedLayers: [],
  normalizedAxes: 'auto',
  repair: false,
  seed: 0,
}
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  if (names.length > 0 && !names.some((name) => file.startsWith(name))) continue
  const figures: string[] = []
  for (const kind of ['global', 'layer'] as const) {
    try {
      const model = readModel(bufferRange(new Uint8Array(readFileSync(join(folder, file)))))
      const before = countMacs(model)
      const start = performance.now()
      const { details } = await pruneChannels(
        model,
        { ...options, scope: { kind } },
        'none',
        runtime,
      )
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      const after = countMacs(model)
      const counted =
        before === null || after === null ? 'unknown' : (1 - after / before).toFixed(2)
      const kept = Number(details['macs_kept'] ?? 1)
      figures.push(`${kind} ${counted} (${(1 - kept).toFixed(2)}) ${seconds} s`)
    } catch (error) {
      figures.push(`${kind} ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  console.log(`${file} | ${figures.join(' | ')}`)
}
