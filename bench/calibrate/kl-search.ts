// Processor time of one tensor's search for the range of least Kullback–Leibler divergence, 2048 bins, by what its values look like:
// `bench/calibrate/kl-search.ts [rounds = 20]`; build first.

import { ActivationHistogram } from '#engine/quantize/activation-histogram'
import { entropyRange } from '#engine/quantize/entropy-range'
import { encodeFloat16 } from '#src/onnx/tensor-values'
import { median } from '../median.ts'
import { uniform } from './residual-network.ts'

const VALUES = 2 ** 20
const rounds = Number(process.argv[2] ?? 20)
const random = uniform(3)
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

const KINDS: Readonly<Record<string, () => number>> = {
  normal,
  'behind a Relu': () => Math.max(0, normal()),
  'heavy tails': () => normal() * Math.exp(1.5 * normal()),
}

for (const [kind, draw] of Object.entries(KINDS)) {
  const values = Float32Array.from({ length: VALUES }, draw)
  const histogram = new ActivationHistogram()
  const range = values.reduce(
    ({ low, high }, value) => ({ low: Math.min(low, value), high: Math.max(high, value) }),
    { low: 0, high: 0 },
  )
  histogram.extend(range)
  histogram.count(encodeFloat16(values))
  const bins = histogram.bins()
  const times: number[] = []
  let found = range
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage()
    found = entropyRange(bins, range)
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) / 1000)
  }
  const shown = [range, found].map(({ low, high }) => `${low.toFixed(2)} … ${high.toFixed(2)}`)
  console.log(`${kind}: ${median(times).toFixed(1)} ms, ${shown.join(' → ')}`)
}
