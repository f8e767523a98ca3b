// Networks of few layers whose convolutions differ: sizes of channels, groups, strides, dilations, padding, samples.

export interface BlockedCase {
  readonly title: string
  readonly channels: number
  readonly side: number
  readonly batch: number
  /** Whether some node of the step is on a blocked kernel of 16 channels. */
  readonly isBlocked: boolean
  readonly weights: string
  readonly body: string
}

interface Layer {
  readonly into: number
  readonly out: number
  readonly kernel: readonly [number, number]
  readonly group?: number
  readonly attributes?: string
  readonly side?: number
  readonly batch?: number
  readonly isBlocked?: boolean
}

/** In front a convolution, so that the layer's input has a gradient; behind it, smooth functions and a norm, which does not take the bias out again. */
function layer(title: string, options: Layer): BlockedCase {
  const { into, out, kernel, group = 1, attributes = 'pads=[1,1,1,1]', side = 7 } = options
  const [rows, columns] = kernel
  return {
    title,
    channels: 3,
    side,
    batch: options.batch ?? 8,
    isBlocked: options.isBlocked ?? true,
    weights: `float[${into}, 3, 1, 1] w0 = random(1, 0.7),
      float[${out}, ${into / group}, ${rows}, ${columns}] w1 = random(2, 0.4), float[${out}] b1 = random(3, 0.5),
      ${normWeights('n', out, 4)}, float[2, ${out}, 1, 1] w2 = random(8, 0.5)`,
    body: `c0 = Conv(x, w0) t0 = Tanh(c0)
      c1 = Conv<group=${group}, ${attributes}>(t0, w1, b1)
      t1 = Sigmoid(c1) m1 = Mul(t1, c1)
      n1 = BatchNormalization(m1, n_scale, n_bias, n_mean, n_variance) z1 = Tanh(n1) c2 = Conv(z1, w2) g = GlobalAveragePool(c2) y = Flatten(g)`,
  }
}

function normWeights(name: string, channels: number, seed: number): string {
  const filled = Array(channels).fill('1.0').join()
  return `float[${channels}] ${name}_scale = random(${seed}, 1.0), float[${channels}] ${name}_bias = random(${seed + 1}, 0.5),
    float[${channels}] ${name}_mean = random(${seed + 2}, 0.1), float[${channels}] ${name}_variance = {${filled}}`
}

const THREE = [3, 3] as const

const RESIDUAL: BlockedCase = {
  title: 'residual blocks with ReLU, a strided shortcut and clipped activations',
  channels: 3,
  side: 9,
  batch: 16,
  isBlocked: true,
  weights: `float[32, 3, 3, 3] w0 = random(1, 0.3), float[32, 32, 3, 3] w1 = random(2, 0.1), float[64, 32, 3, 3] w2 = random(3, 0.1),
    float[64, 32, 1, 1] w3 = random(4, 0.2), float[64, 1, 5, 5] w4 = random(5, 0.2), float[5, 64] w5 = random(6, 0.3),
    float zero = {0.0}, float six = {0.6}, ${normWeights('n', 32, 7)}, ${normWeights('p', 64, 11)}, ${normWeights('q', 64, 15)}`,
  body: `c0 = Conv<pads=[1,1,1,1]>(x, w0) n0 = BatchNormalization(c0, n_scale, n_bias, n_mean, n_variance) r0 = Relu(n0)
    c1 = Conv<pads=[1,1,1,1]>(r0, w1) a1 = Add(c1, r0)
    c2 = Conv<pads=[1,1,1,1], strides=[2,2]>(a1, w2) n2 = BatchNormalization(c2, p_scale, p_bias, p_mean, p_variance)
    c3 = Conv<strides=[2,2]>(a1, w3) a3 = Add(n2, c3) r3 = Clip(a3, zero, six)
    c4 = Conv<pads=[2,2,2,2], group=64>(r3, w4) n4 = BatchNormalization(c4, q_scale, q_bias, q_mean, q_variance)
    s4 = HardSwish(n4) g = GlobalAveragePool(s4) f = Flatten(g) y = Gemm<transB=1>(f, w5)`,
}

export const BLOCKED_CASES: readonly BlockedCase[] = [
  layer('whole blocks', { into: 32, out: 16, kernel: THREE }),
  layer('16 samples, one block', { into: 16, out: 16, kernel: THREE, batch: 16 }),
  layer('samples that fill no block', { into: 16, out: 32, kernel: THREE, batch: 13 }),
  layer('fewer inputs than a block', { into: 5, out: 32, kernel: THREE, batch: 16 }),
  layer('channels in fours', { into: 20, out: 28, kernel: THREE, batch: 16, isBlocked: false }),
  layer('odd channels', { into: 19, out: 7, kernel: THREE, isBlocked: false }),
  layer('1×1', {
    into: 32,
    out: 48,
    kernel: [1, 1],
    attributes: 'pads=[0,0,0,0]',
    isBlocked: false,
  }),
  layer('1×1, stride 2', {
    into: 32,
    out: 16,
    kernel: [1, 1],
    attributes: 'strides=[2,2]',
    isBlocked: false,
  }),
  layer('stride 2, odd size', {
    into: 16,
    out: 32,
    kernel: THREE,
    attributes: 'strides=[2,2], pads=[1,1,1,1]',
    batch: 16,
  }),
  layer('stride 2, even size', {
    into: 16,
    out: 32,
    kernel: THREE,
    attributes: 'strides=[2,2], pads=[1,1,1,1]',
    side: 8,
    batch: 16,
  }),
  layer('stride 3, places that no window reaches', {
    into: 16,
    out: 16,
    kernel: [2, 3],
    attributes: 'strides=[3,2]',
    side: 9,
    batch: 16,
  }),
  layer('dilated, uneven pads', {
    into: 16,
    out: 16,
    kernel: [3, 2],
    attributes: 'dilations=[2,3], pads=[2,0,1,3]',
    batch: 16,
  }),
  layer('padded by SAME_LOWER', {
    into: 16,
    out: 16,
    kernel: [2, 2],
    attributes: 'auto_pad="SAME_LOWER"',
    batch: 16,
  }),
  layer('two groups in whole blocks', { into: 32, out: 64, kernel: THREE, group: 2 }),
  layer('groups of broken blocks', {
    into: 24,
    out: 24,
    kernel: THREE,
    group: 3,
    isBlocked: false,
  }),
  layer('channels by themselves', { into: 32, out: 32, kernel: THREE, group: 32 }),
  layer('channels by themselves, 5×5, stride 2', {
    into: 16,
    out: 16,
    kernel: [5, 5],
    group: 16,
    attributes: 'strides=[2,2], pads=[2,2,2,2]',
    side: 8,
  }),
  layer('channels by themselves, dilated', {
    into: 16,
    out: 16,
    kernel: THREE,
    group: 16,
    attributes: 'dilations=[2,2], pads=[2,2,2,2]',
  }),
  layer('channels by themselves, in broken blocks', {
    into: 20,
    out: 20,
    kernel: THREE,
    group: 20,
    isBlocked: false,
  }),
  layer('channels by themselves with two outputs', {
    into: 16,
    out: 32,
    kernel: THREE,
    group: 16,
    isBlocked: false,
  }),
  RESIDUAL,
]
