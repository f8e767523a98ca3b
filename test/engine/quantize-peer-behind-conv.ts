// Cases of ONNX Runtime's quantization tests in which one operator stands behind a convolution, and writes a result of the graph.

import type { PeerCase } from './quantize-peer-case.ts'
import { CONV, IMAGE, SHAPES, float, leaves } from './quantize-peer-case.ts'

/** Conv → Identity, and Conv → the operator, both results leaving the graph. */
function behindConv(
  file: string,
  title: string,
  node: string,
  upstream: readonly string[],
  difference: PeerCase['difference'],
): PeerCase {
  return {
    file,
    title,
    input: IMAGE,
    outputs: `${node.startsWith('ArgMax') ? 'int64' : 'float'} y, float same`,
    constants: `${CONV}, ${SHAPES}`,
    body: `[conv] c = Conv(x, w)  same = Identity(c)  [op] y = ${node}`,
    upstream,
    difference,
  }
}

export const BEHIND_CONVOLUTION: readonly PeerCase[] = [
  behindConv(
    'test_op_maxpool',
    'MaxPool',
    'MaxPool<kernel_shape = [3, 3]>(c)',
    ['Conv', 'MaxPool'],
    leaves('MaxPool', ['Conv']),
  ),
  behindConv(
    'test_op_pooling',
    'AveragePool',
    'AveragePool<kernel_shape = [3, 3]>(c)',
    ['Conv', 'AveragePool'],
    {
      ours: ['Conv'],
      why: 'alone at the end of the graph it is not faster on integers',
    },
  ),
  behindConv('test_op_softmax', 'Softmax', 'Softmax<axis = -2>(c)', ['Conv', 'Softmax'], {
    ours: ['Conv'],
    why: 'alone at the end of the graph it is not faster on integers, and scores keep their digits',
  }),
  behindConv(
    'test_op_resize',
    'Resize of nearest elements',
    'Resize<mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">(c, "", scales)',
    ['Conv', 'Resize'],
    leaves('Resize', ['Conv']),
  ),
  behindConv(
    'test_op_reshape',
    'Reshape',
    'Reshape(c, flat)',
    ['Conv', 'Reshape'],
    leaves('Reshape', ['Conv']),
  ),
  behindConv(
    'test_op_flatten',
    'Flatten',
    'Flatten(c)',
    ['Conv', 'Flatten'],
    leaves('Flatten', ['Conv']),
  ),
  behindConv(
    'test_op_transpose',
    'Transpose',
    'Transpose<perm = [0, 2, 3, 1]>(c)',
    ['Conv', 'Transpose'],
    leaves('Transpose', ['Conv']),
  ),
  behindConv(
    'test_op_slice',
    'Slice',
    'Slice(c, zero, one, one)',
    ['Conv', 'Slice'],
    leaves('Slice', ['Conv']),
  ),
  behindConv('test_op_pad', 'Pad', 'Pad(c, pads)', ['Conv', 'Pad'], float('Pad', ['Conv'])),
  behindConv(
    'test_op_argmax',
    'ArgMax',
    'ArgMax<axis = 1>(c)',
    ['Conv', 'ArgMax'],
    float('ArgMax', ['Conv']),
  ),
]
