// Networks of four kinds, with the shapes of their inputs.

export interface BenchNetwork {
  readonly name: string
  readonly text: string
  readonly classes: number
  /** Of one sample; `ids`: whole numbers below the second number. */
  readonly input: { readonly shape: readonly number[]; readonly ids: number | null }
  readonly batch: number
  readonly learningRate: number
}

const HEADER = '<ir_version: 8, opset_import: ["" : 17]>'

class Weights {
  readonly declared: string[] = []
  #seed = 0

  random(name: string, shape: readonly number[], fan: number): string {
    this.#seed += 1
    const scale = Math.sqrt(3 / fan).toFixed(5)
    this.declared.push(`float[${shape.join()}] ${name} = random(${this.#seed}, ${scale})`)
    return name
  }

  filled(name: string, size: number, value: number): string {
    const values = Array.from({ length: size }, () => value.toFixed(1)).join()
    this.declared.push(`float[${size}] ${name} = {${values}}`)
    return name
  }
}

function conv(
  w: Weights,
  name: string,
  from: string,
  [out, into, size]: [number, number, number],
  attributes: string,
): string {
  w.random(`${name}_w`, [out, into, size, size], into * size * size)
  return `${name} = Conv<${attributes}>(${from}, ${name}_w)`
}

function norm(w: Weights, name: string, from: string, channels: number): string {
  const [s, b] = [w.filled(`${name}_s`, channels, 1), w.filled(`${name}_b`, channels, 0)]
  const [m, v] = [w.filled(`${name}_m`, channels, 0), w.filled(`${name}_v`, channels, 1)]
  return `${name} = BatchNormalization(${from}, ${s}, ${b}, ${m}, ${v})`
}

function gemm(w: Weights, name: string, from: string, [into, out]: [number, number]): string {
  w.random(`${name}_w`, [into, out], into)
  w.filled(`${name}_b`, out, 0)
  return `${name} = Gemm(${from}, ${name}_w, ${name}_b)`
}

function network(
  rest: Omit<BenchNetwork, 'text'>,
  build: (w: Weights) => readonly string[],
): BenchNetwork {
  const w = new Weights()
  const body = build(w)
  const type = rest.input.ids === null ? 'float' : 'int64'
  const head = `g (${type}[n, ${rest.input.shape.join()}] x) => (float[n, ${rest.classes}] y)`
  return { ...rest, text: `${HEADER} ${head} <${w.declared.join(', ')}> { ${body.join('\n')} }` }
}

const LENET = network(
  {
    name: 'LeNet-5',
    classes: 10,
    input: { shape: [1, 28, 28], ids: null },
    batch: 32,
    learningRate: 0.02,
  },
  (w) => [
    conv(w, 'c1', 'x', [6, 1, 5], 'pads=[2,2,2,2]'),
    'r1 = Relu(c1) p1 = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r1)',
    conv(w, 'c2', 'p1', [16, 6, 5], ''),
    'r2 = Relu(c2) p2 = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r2) f = Flatten(p2)',
    gemm(w, 'd1', 'f', [400, 120]),
    'r3 = Relu(d1)',
    gemm(w, 'd2', 'r3', [120, 84]),
    'r4 = Relu(d2)',
    gemm(w, 'y', 'r4', [84, 10]),
  ],
)

/** Blocks of ResNet-20 (He et al. 2016, §4.2), shortcuts by a 1 × 1 convolution where sizes change: number, channels in and out, stride. */
const BLOCKS = [16, 32, 64].flatMap((out, stage) => {
  return [0, 1, 2].map((block) => {
    const isFirst = stage > 0 && block === 0
    return { i: 3 * stage + block + 1, into: isFirst ? out / 2 : out, out, stride: isFirst ? 2 : 1 }
  })
})

const RESNET = network(
  {
    name: 'ResNet-20',
    classes: 10,
    input: { shape: [3, 16, 16], ids: null },
    batch: 32,
    learningRate: 0.02,
  },
  (w) => [
    conv(w, 'c0', 'x', [16, 3, 3], 'pads=[1,1,1,1]'),
    norm(w, 'n0', 'c0', 16),
    'a0 = Relu(n0)',
    ...BLOCKS.flatMap(({ i, into, out, stride }) => [
      conv(
        w,
        `c${i}a`,
        `a${i - 1}`,
        [out, into, 3],
        `pads=[1,1,1,1], strides=[${stride},${stride}]`,
      ),
      norm(w, `n${i}a`, `c${i}a`, out),
      `r${i}a = Relu(n${i}a)`,
      conv(w, `c${i}b`, `r${i}a`, [out, out, 3], 'pads=[1,1,1,1]'),
      norm(w, `n${i}b`, `c${i}b`, out),
      ...(stride === 1
        ? [`s${i} = Identity(a${i - 1})`]
        : [conv(w, `s${i}`, `a${i - 1}`, [out, into, 1], `strides=[${stride},${stride}]`)]),
      `t${i} = Add(n${i}b, s${i}) a${i} = Relu(t${i})`,
    ]),
    'p = GlobalAveragePool(a9) f = Flatten(p)',
    gemm(w, 'y', 'f', [64, 10]),
  ],
)

const MOBILE = network(
  {
    name: 'MobileNetV2-like',
    classes: 10,
    input: { shape: [3, 16, 16], ids: null },
    batch: 32,
    learningRate: 0.02,
  },
  (w) => [
    'float_zero = Constant<value_float=0.0>() float_six = Constant<value_float=6.0>()',
    conv(w, 'c0', 'x', [16, 3, 3], 'pads=[1,1,1,1]'),
    norm(w, 'a0', 'c0', 16),
    ...[
      [1, 16, 16, 1],
      [2, 16, 24, 2],
      [3, 24, 24, 1],
    ].flatMap(([i, into, out, stride]) => [
      conv(w, `e${i}`, `a${i! - 1}`, [4 * into!, into!, 1], ''),
      norm(w, `en${i}`, `e${i}`, 4 * into!),
      `er${i} = Clip(en${i}, float_zero, float_six)`,
      conv(
        w,
        `d${i}`,
        `er${i}`,
        [4 * into!, 1, 3],
        `group=${4 * into!}, pads=[1,1,1,1], strides=[${stride},${stride}]`,
      ),
      norm(w, `dn${i}`, `d${i}`, 4 * into!),
      `dr${i} = Clip(dn${i}, float_zero, float_six)`,
      conv(w, `q${i}`, `dr${i}`, [out!, 4 * into!, 1], ''),
      norm(w, `qn${i}`, `q${i}`, out!),
      into === out ? `a${i} = Add(qn${i}, a${i! - 1})` : `a${i} = Identity(qn${i})`,
    ]),
    'p = GlobalAveragePool(a3) f = Flatten(p)',
    gemm(w, 'y', 'f', [24, 10]),
  ],
)

const WIDTH = 32
const LENGTH = 16

const TRANSFORMER = network(
  {
    name: 'Transformer, two layers',
    classes: 10,
    input: { shape: [LENGTH], ids: 64 },
    batch: 32,
    learningRate: 0.05,
  },
  (w) => {
    const ln = (name: string, from: string) =>
      `${name} = LayerNormalization<axis=-1>(${from}, ${w.filled(`${name}_s`, WIDTH, 1)}, ${w.filled(`${name}_b`, WIDTH, 0)})`
    const dense = (name: string, from: string, into: number, out: number) =>
      `${name}_p = MatMul(${from}, ${w.random(`${name}_w`, [into, out], into)}) ${name} = Add(${name}_p, ${w.filled(`${name}_b`, out, 0)})`
    return [
      `split = Constant<value_ints=[0, 0, 4, 8]>() join = Constant<value_ints=[0, 0, ${WIDTH}]>()`,
      'root = Constant<value_float=2.828427>() sqrt2 = Constant<value_float=1.4142135>()',
      'one = Constant<value_float=1.0>() half = Constant<value_float=0.5>()',
      `e = Gather(${w.random('table', [64, WIDTH], 8)}, x) a0 = Add(e, ${w.random('place', [LENGTH, WIDTH], 8)})`,
      ...[1, 2].flatMap((i) => [
        ln(`l${i}`, `a${i - 1}`),
        ...['q', 'k', 'v'].flatMap((kind) => [
          dense(`${kind}${i}`, `l${i}`, WIDTH, WIDTH),
          `${kind}${i}r = Reshape(${kind}${i}, split)`,
          `${kind}${i}t = Transpose<perm=[${kind === 'k' ? '0,2,3,1' : '0,2,1,3'}]>(${kind}${i}r)`,
        ]),
        `m${i} = MatMul(q${i}t, k${i}t) md${i} = Div(m${i}, root) ms${i} = Softmax<axis=-1>(md${i})`,
        `mv${i} = MatMul(ms${i}, v${i}t) mt${i} = Transpose<perm=[0,2,1,3]>(mv${i}) mj${i} = Reshape(mt${i}, join)`,
        dense(`o${i}`, `mj${i}`, WIDTH, WIDTH),
        `b${i} = Add(o${i}, a${i - 1})`,
        ln(`h${i}`, `b${i}`),
        dense(`u${i}`, `h${i}`, WIDTH, 4 * WIDTH),
        `ud${i} = Div(u${i}, sqrt2) ue${i} = Erf(ud${i}) uo${i} = Add(ue${i}, one) um${i} = Mul(u${i}, uo${i}) uh${i} = Mul(um${i}, half)`,
        dense(`w${i}`, `uh${i}`, 4 * WIDTH, WIDTH),
        `a${i} = Add(w${i}, b${i})`,
      ]),
      'z = ReduceMean<axes=[1], keepdims=0>(a2)',
      gemm(w, 'y', 'z', [WIDTH, 10]),
    ]
  },
)

export const NETWORKS: readonly BenchNetwork[] = [LENET, RESNET, MOBILE, TRANSFORMER]
