// Softmax behind a Transpose → in front of it, where fewer axes lie behind the one that it normalizes: the runtime brings that axis to
// the end and back, which takes ten times as long over two axes as over one (bins of box edges, YOLOv8 and later).

import { intAttribute, intsAttribute } from '#src/onnx/ir/attribute'
import { opsetVersion } from '#src/onnx/ir/model'
import { makeNode } from '#src/onnx/ir/node'
import { fromFront } from '../ops/pass-axes.ts'
import type { NodeRule } from './pass.ts'
import { soleProducer } from './sole-consumer.ts'

/** Before, Softmax was over all axes from the one named. */
const OVER_ONE_AXIS = 13

export const softmaxBeforeTranspose: NodeRule = {
  name: 'softmax-before-transpose',
  apply: (node, { model, names }) => {
    const transpose = soleProducer(node.input(0), node)
    if (!node.is('Softmax') || transpose === null || !transpose.is('Transpose')) return 'unmatched'
    const [source, output, perm] = [transpose.input(0), node.output(0), transpose.ints('perm')]
    if (source === null || output === null || output.isGraphOutput || perm === null) {
      return 'unmatched'
    }
    const axis = fromFront(node.int('axis', -1), perm.length)
    const before = perm[axis]
    if (before === undefined || before <= axis) return 'unmatched'
    if (opsetVersion(model) < OVER_ONE_AXIS) return { declined: 'it is over several axes' }
    const readers = [...output.uses]
    const moved = makeNode(
      'Transpose',
      [output],
      [names.make(`${output.name}_transposed`)],
      [intsAttribute('perm', perm)],
    )
    node.graph?.insertAfter(moved, node)
    for (const { node: reader, index } of readers) reader.setInput(index, moved.output(0))
    node.setInput(0, source)
    node.attributes.set('axis', intAttribute('axis', before))
    output.type = null
    return 'applied'
  },
}
