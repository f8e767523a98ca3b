import type { GradientCase } from '#test/support/gradient-check'

function conv(title: string, x: string, w: string, bias: string, attributes: string): GradientCase {
  const inputs = `float[${x}] x, float[${w}] w${bias === '' ? '' : `, float[${bias}] b`}`
  const operands = bias === '' ? 'x, w' : 'x, w, b'
  return { title, graph: `g (${inputs}) => (float y) { y = Conv<${attributes}>(${operands}) }` }
}

function transposed(title: string, x: string, w: string, attributes: string): GradientCase {
  const graph = `g (float[${x}] x, float[${w}] w, float[b] b) => (float y) { y = ConvTranspose<${attributes}>(x, w, b) }`
  const group = Number(/group=(\d)/.exec(attributes)?.[1] ?? 1)
  return { title, graph, sizes: { b: Number(w.split(',')[1]) * group } }
}

export const CONV_CASES: readonly GradientCase[] = [
  conv('Conv 3×3', '2,2,5,6', '3,2,3,3', '3', 'pads=[1,1,1,1]'),
  conv('Conv without padding or bias', '1,2,5,5', '2,2,3,3', '', 'group=1'),
  conv('Conv 1×1', '2,3,4,3', '2,3,1,1', '2', 'group=1'),
  conv('Conv 1×1 stride 2', '2,3,5,4', '2,3,1,1', '', 'strides=[2,2]'),
  conv('Conv stride 2, odd size', '2,2,7,7', '2,2,3,3', '2', 'strides=[2,2], pads=[1,1,1,1]'),
  conv('Conv stride 2, even size', '1,2,6,8', '2,2,3,3', '', 'strides=[2,2], pads=[1,1,1,1]'),
  conv('Conv strides 3 and 2', '1,1,9,8', '2,1,2,3', '', 'strides=[3,2]'),
  conv('Conv dilated', '1,2,7,8', '2,2,3,2', '2', 'dilations=[2,3]'),
  conv(
    'Conv dilated with stride',
    '1,1,9,10',
    '2,1,3,3',
    '',
    'dilations=[2,2], strides=[2,3], pads=[2,1,2,1]',
  ),
  conv('Conv with uneven pads', '1,2,5,5', '2,2,3,3', '', 'pads=[0,1,2,1], strides=[2,1]'),
  conv('Conv of two groups', '2,4,4,5', '6,2,3,3', '6', 'group=2, pads=[1,1,1,1]'),
  conv('Conv of two groups, stride 2', '2,4,5,6', '4,2,3,3', '', 'group=2, strides=[2,2]'),
  conv('Conv depthwise', '2,3,5,5', '3,1,3,3', '3', 'group=3, pads=[1,1,1,1]'),
  conv(
    'Conv depthwise with multiplier, stride 2',
    '1,2,6,5',
    '4,1,3,3',
    '',
    'group=2, strides=[2,2]',
  ),
  conv('Conv of many channels', '2,16,4,3', '2,16,3,3', '2', 'pads=[1,1,1,1]'),
  conv('Conv of many channels, uneven pads', '1,16,4,4', '2,16,3,2', '', 'pads=[0,1,2,0]'),
  conv(
    'Conv of many channels, dilated',
    '1,16,5,4',
    '2,16,2,3',
    '',
    'dilations=[3,1], pads=[2,0,3,1]',
  ),
  conv('Conv 1×1 of many channels on few places', '3,24,1,2', '16,24,1,1', '16', 'group=1'),
  conv('Conv of many channels, 1×1', '2,16,3,2', '3,16,1,1', '3', 'group=1'),
  conv(
    'Conv of many channels, padded beyond the kernel',
    '1,16,2,2',
    '1,16,2,2',
    '',
    'pads=[2,1,2,1]',
  ),
  conv('Conv of many channels, one axis', '1,16,6', '2,16,3', '', 'pads=[1,1]'),
  conv(
    'Conv depthwise, uneven pads and dilated',
    '2,3,6,5',
    '3,1,2,3',
    '',
    'group=3, dilations=[2,1], pads=[2,0,1,2]',
  ),
  conv('Conv depthwise, one axis', '2,3,6', '3,1,3', '', 'group=3, pads=[1,1]'),
  conv(
    'Conv depthwise, stride 2',
    '2,3,5,6',
    '3,1,3,3',
    '',
    'group=3, strides=[2,2], pads=[1,1,1,1]',
  ),
  conv('Conv SAME_UPPER', '1,2,6,5', '2,2,3,2', '', 'auto_pad="SAME_UPPER", strides=[2,2]'),
  conv('Conv SAME_LOWER', '1,1,6,5', '2,1,2,2', '', 'auto_pad="SAME_LOWER", strides=[1,2]'),
  conv('Conv VALID', '1,1,5,5', '2,1,2,2', '', 'auto_pad="VALID"'),
  conv('Conv of one axis', '2,3,9', '2,3,4', '2', 'strides=[2], pads=[1,2]'),
  conv('Conv of three axes', '1,2,4,3,4', '2,2,2,2,2', '2', 'strides=[2,1,1]'),
  {
    title: 'Conv of unknown sizes, stride 2',
    graph:
      'g (float[N,C,H,W] x, float[2,2,3,3] w) => (float y) { y = Conv<strides=[2,2], pads=[1,1,1,1]>(x, w) }',
    sizes: { N: 2, C: 2, H: 5, W: 6 },
  },
  {
    title: 'Conv of unknown sizes, two groups',
    graph:
      'g (float[N,4,H,W] x, float[4,2,3,3] w) => (float y) { y = Conv<group=2, strides=[2,2]>(x, w) }',
    sizes: { N: 2, H: 6, W: 5 },
  },
  transposed('ConvTranspose', '2,2,3,4', '2,3,3,3', 'pads=[1,1,1,1]'),
  transposed('ConvTranspose stride 2', '1,2,3,4', '2,2,2,2', 'strides=[2,2]'),
  transposed(
    'ConvTranspose with output padding',
    '1,2,3,3',
    '2,2,3,3',
    'strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]',
  ),
  transposed('ConvTranspose of two groups', '2,4,3,3', '4,2,2,3', 'group=2, strides=[2,1]'),
  transposed('ConvTranspose dilated', '1,2,3,4', '2,1,3,2', 'dilations=[2,2]'),
  transposed(
    'ConvTranspose with output_shape',
    '1,1,3,3',
    '1,2,3,3',
    'strides=[2,2], output_shape=[6,6]',
  ),
  transposed('ConvTranspose of one axis', '2,2,5', '2,2,3', 'strides=[2]'),
]
