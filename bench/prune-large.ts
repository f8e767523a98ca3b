// Time and peak memory of pruning a model of some 60 million parameters: convolutions, a wide Flatten, and matrices of a
// transformer. `bench/prune-large.ts FILE` writes the model when FILE is not there, else prunes it.

import { existsSync, openSync, statSync, writeFileSync } from 'node:fs'
import { pruneChannels } from '#engine/prune/prune-channels'
import { openRuntime } from '#engine/runtime/ort'
import { fileRange } from '#src/onnx/ir/byte-range'
import { readModel } from '#src/onnx/read-model'
import { modelBytes, modelSize } from '#src/onnx/write-model'
import { parseModel } from '#src/onnx/text/parse-model'

const CHANNELS = [64, 128, 256, 512, 512]
const BLOCKS = 6
const WIDTH = 512
const MIB = 2 ** 20

function largeModel() {
  const weights: string[] = []
  const body: string[] = []
  let from = 'x'
  let width = 3
  for (const [index, channels] of CHANNELS.entries()) {
    weights.push(`float[${channels}, ${width}, 3, 3] w${index} = random(${index + 1}, 0.05)`)
    body.push(`c${index} = Conv<pads=[1,1,1,1]>(${from}, w${index}) r${index} = Relu(c${index})`)
    body.push(`p${index} = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r${index})`)
    from = `p${index}`
    width = channels
  }
  weights.push(
    `float[25088, 1472] wf = random(90, 0.01)`,
    `float[1472, ${WIDTH}] wg = random(91, 0.01)`,
  )
  body.push(`f = Flatten(${from}) g = MatMul(f, wf) gr = Relu(g) h0 = MatMul(gr, wg)`)
  for (let block = 0; block < BLOCKS; block += 1) {
    weights.push(`float[${WIDTH}, ${4 * WIDTH}] a${block} = random(${100 + block}, 0.02)`)
    weights.push(`float[${4 * WIDTH}, ${WIDTH}] b${block} = random(${200 + block}, 0.02)`)
    body.push(`m${block} = MatMul(h${block}, a${block}) n${block} = Relu(m${block})`)
    body.push(`o${block} = MatMul(n${block}, b${block}) h${block + 1} = Add(o${block}, h${block})`)
  }
  weights.push(`float[${WIDTH}, 10] wy = random(99, 0.1)`)
  body.push(`y = MatMul(h${BLOCKS}, wy)`)
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]> g (float[B,3,224,224] x) => (float[B,10] y)
    <${weights.join(', ')}> { ${body.join(' ')} }`)
}

const path = process.argv[2]
if (path === undefined) throw new Error('usage: prune-large FILE')
if (!existsSync(path)) {
  writeFileSync(path, modelBytes(largeModel(), 'inline'))
  process.exit(0)
}
const model = readModel(fileRange(openSync(path, 'r'), 0, statSync(path).size))
const weights = modelSize(model, 'inline')
const runtime = openRuntime()
const before = process.memoryUsage().rss
const start = performance.now()
const { details } = await pruneChannels(
  model,
  {
    importance: 'magnitude',
    norm: 'l2',
    amount: { kind: 'sparsity', value: 0.5 },
    scope: { kind: 'global' },
    limits: { minChannels: 8, channelMultiple: 8 },
    excludedLayers: [],
    normalizedAxes: 'auto',
    repair: false,
    seed: 0,
  },
  'none',
  runtime,
)
const seconds = (performance.now() - start) / 1000
const top = process.resourceUsage().maxRSS * 1024
console.log(
  `${(weights / 4e6).toFixed(0)} M parameters, ${(weights / MIB).toFixed(0)} MiB: ${seconds.toFixed(1)} s; resident ${(before / MIB).toFixed(0)} MiB before, at most ${(top / MIB).toFixed(0)} MiB, ${(top / weights).toFixed(2)} × the weights; MACs kept ${Number(details['macs_kept']).toFixed(2)}`,
)
