// Time to place and to emit quantizers in a graph of so many nodes: `bench/int8-placement.ts [nodes]`; build first.

import { buildCandidate } from '#engine/quantize/build-candidate'
import { calibratedValues } from '#engine/quantize/calibrated-values'
import { PLACEMENTS } from '#engine/quantize/place'
import { findSites } from '#engine/quantize/quantization-sites'
import { STATIC_DEFAULTS } from '#engine/quantize/static'
import { parseModel } from '#src/onnx/text/parse-model'
import { median } from './median.ts'
import { randomSource } from './random-feeds.ts'

const ROUNDS = 5
const NODES_PER_BLOCK = 8

const nodes = Number(process.argv[2] ?? 1600)
const random = randomSource(1)
const CHANNELS = 32

function constant(name: string, dims: readonly number[]): string {
  const count = dims.reduce((product, dim) => product * dim, 1)
  const values = Array.from({ length: count }, () => (random() - 0.5).toFixed(4))
  return `float[${dims.join()}] ${name} = {${values.join()}}`
}

/** Residual blocks: pointwise, HardSwish, depthwise, Relu, pointwise, Add. */
function networkOf(blocks: number): string {
  const constants: string[] = []
  const body: string[] = []
  for (let block = 0; block < blocks; block += 1) {
    const at = (name: string): string => `${name}${block}`
    constants.push(constant(at('p'), [CHANNELS, CHANNELS, 1, 1]))
    constants.push(constant(at('w'), [CHANNELS, 1, 3, 3]))
    constants.push(constant(at('q'), [CHANNELS, CHANNELS, 1, 1]))
    const input = block === 0 ? 'x' : `r${block - 1}`
    body.push(
      `${at('a')} = Conv(${input}, ${at('p')}) ${at('h')} = HardSigmoid(${at('a')})`,
      `${at('m')} = Mul(${at('a')}, ${at('h')})`,
      `${at('c')} = Conv<group = ${CHANNELS}, pads = [1, 1, 1, 1]>(${at('m')}, ${at('w')})`,
      `${at('d')} = Relu(${at('c')}) ${at('e')} = Conv(${at('d')}, ${at('q')})`,
      `${at('s')} = Add(${input}, ${at('e')}) ${at('r')} = Relu(${at('s')})`,
    )
  }
  const output = `float[1, ${CHANNELS}, 28, 28] r${blocks - 1}`
  return `<ir_version: 8, opset_import: ["" : 17]> g (float[1, ${CHANNELS}, 28, 28] x) => (${output})
    <${constants.join()}> { ${body.join('\n')} }`
}

const model = parseModel(networkOf(Math.ceil(nodes / NODES_PER_BLOCK)))
const none = new Set<string>()
const names = calibratedValues(findSites(model, none))
const ranges = new Map(names.map((name) => [name, { low: -1, high: 3 }] as const))
for (const placement of PLACEMENTS) {
  const times: number[] = []
  let integers = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage()
    const made = buildCandidate(model, placement, {
      options: STATIC_DEFAULTS,
      calibration: { ranges, unbounded: none },
      excluded: none,
      restored: none,
      restoredWeights: 'integer',
      corrections: new Map(),
      grams: new Map(),
    })
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
    integers = made.integerNodes.length
  }
  console.log(
    `${placement}: ${model.graph.nodeCount} nodes, ${integers} on integers, ${median(times).toFixed(0)} ms of processor time`,
  )
}
