// A U-shaped network of seven levels: two convolutions, a step down; on the way back a transposed convolution, the skip, two convolutions.

import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { randomSource } from '../random-feeds.ts'

const CHANNELS = [16, 32, 64, 128, 256, 512, 1024]

export function uShapedNetwork(side: number): Model {
  const constants: string[] = []
  const lines: string[] = []
  let seed = 0
  const weight = (dims: readonly number[], fan: number): string => {
    seed += 1
    constants.push(
      `float[${dims.join()}] w${seed} = random(${seed}, ${Math.sqrt(2 / fan).toFixed(6)})`,
    )
    return `w${seed}`
  }
  const step = (operator: string, operands: string): string => {
    const name = `v${lines.length}`
    lines.push(`${name} = ${operator}(${operands})`)
    return name
  }
  const conv = (value: string, from: number, to: number): string => {
    const kernel = weight([to, from, 3, 3], 9 * from)
    return step(
      'Relu',
      step('Conv<pads = [1, 1, 1, 1]>', `${value}, ${kernel}, ${weight([to], 2e4)}`),
    )
  }
  const skips: string[] = []
  let [value, channels] = ['x', 3]
  for (const [level, width] of CHANNELS.entries()) {
    if (level > 0) value = step('MaxPool<kernel_shape = [2, 2], strides = [2, 2]>', value)
    value = conv(conv(value, channels, width), width, width)
    channels = width
    skips.push(value)
  }
  value = conv(value, channels, channels)
  for (const [level, width] of [...CHANNELS.slice(0, -1).entries()].toReversed()) {
    const kernel = weight([channels, width, 2, 2], channels)
    const up = step('ConvTranspose<strides = [2, 2]>', `${value}, ${kernel}`)
    const joined = step('Concat<axis = 1>', `${up}, ${skips[level] ?? ''}`)
    value = conv(conv(joined, 2 * width, width), width, width)
    channels = width
  }
  lines.push(`y = Conv(${value}, ${weight([1, channels, 1, 1], channels)})`)
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[1, 3, ${side}, ${side}] x) => (float[1, 1, ${side}, ${side}] y)
    <${constants.join()}> { ${lines.join(' ')} }`)
}

/** Soft discs on a gradient with a little noise: a picture rather than noise. */
export function blobs(side: number, seed: number): RuntimeTensor {
  const random = randomSource(seed)
  const discs = Array.from({ length: 12 }, () => {
    const [x, y, radius] = [random() * side, random() * side, (0.03 + 0.12 * random()) * side]
    return { x, y, radius, colour: [random(), random(), random()] }
  })
  const data = new Float32Array(3 * side * side)
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      const near = discs.filter(({ x, y, radius }) => Math.hypot(column - x, row - y) < radius)
      for (let channel = 0; channel < 3; channel += 1) {
        const light = near.reduce((sum, { colour }) => sum + (colour[channel] ?? 0), 0)
        const value = light + (0.5 * (row + column)) / side + 0.05 * random() - 0.75
        data[(channel * side + row) * side + column] = value
      }
    }
  }
  return { dtype: 'float32', dims: [1, 3, side, side], data }
}
