// Pad by zeros in the spatial axes before a Conv → the Conv's own padding.

import { intsAttribute } from '#src/onnx/ir/attribute'
import { intConstant, scalarConstant } from './constants.ts'
import type { NodeRule } from './pass.ts'
import { bypass } from './sole-consumer.ts'

export const fusePadConv: NodeRule = {
  name: 'fuse-pad-conv',
  apply: (node) => {
    if (!node.is('Pad')) return 'unmatched'
    const [x, output] = [node.input(0), node.output(0)]
    const readers = output?.consumers() ?? []
    if (x === null || readers.length === 0 || readers.some((reader) => !reader.is('Conv'))) {
      return 'unmatched'
    }
    if (node.string('mode', 'constant') !== 'constant') return { declined: 'it pads by reflection' }
    const value = node.input(2)
    if (value !== null && scalarConstant(value) !== 0) return { declined: 'it pads with non-zeros' }
    const pads = intConstant(node.input(1))
    if (pads === null || node.input(3) !== null) return { declined: 'its padding is not constant' }
    const rank = pads.length / 2
    const outside = [0, 1, rank, rank + 1].some((index) => pads[index] !== 0)
    if (outside || pads.some((pad) => pad < 0)) {
      return { declined: 'it crops, or pads batch or channels' }
    }
    const usesExplicit = readers.every((reader) => {
      return ['NOTSET', 'VALID'].includes(reader.string('auto_pad', 'NOTSET'))
    })
    const data = [...(output?.uses ?? [])]
    if (!usesExplicit || output?.isGraphOutput || data.some(({ index }) => index !== 0)) {
      return { declined: 'a reader computes its own padding' }
    }
    const spatial = [...pads.slice(2, rank), ...pads.slice(rank + 2)]
    for (const reader of readers) {
      const own = reader.string('auto_pad', 'NOTSET') === 'VALID' ? null : reader.ints('pads')
      const sum = spatial.map((pad, index) => pad + (own?.[index] ?? 0))
      reader.attributes.delete('auto_pad')
      reader.attributes.set('pads', intsAttribute('pads', sum))
    }
    bypass(node, x)
    return 'applied'
  },
}
