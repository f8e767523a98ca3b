import type { GradientCase } from '#test/support/gradient-check'

const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const
const [STEPS, SAMPLES, WIDTH, HIDDEN] = [4, 2, 3, 2]

interface Layer {
  readonly attributes?: string
  readonly directions?: 1 | 2
  /** Inputs besides X, W and R. */
  readonly takes?: readonly ('bias' | 'lengths' | 'state' | 'cell' | 'peepholes')[]
  readonly gives?: string
  readonly steps?: number | 'T'
}

/** Every input that is not left out is differentiated. */
function layer(kind: keyof typeof GATES, title: string, options: Layer): GradientCase {
  const { attributes = '', directions = 1, takes = [], gives = 'y, h', steps = STEPS } = options
  const rows = GATES[kind] * HIDDEN
  const sizes = {
    x: `${steps},${SAMPLES},${WIDTH}`,
    w: `${directions},${rows},${WIDTH}`,
    r: `${directions},${rows},${HIDDEN}`,
    bias: `${directions},${2 * rows}`,
    state: `${directions},${SAMPLES},${HIDDEN}`,
    cell: `${directions},${SAMPLES},${HIDDEN}`,
    peepholes: `${directions},${3 * HIDDEN}`,
  }
  const given = ['x', 'w', 'r', ...takes.filter((name) => name !== 'lengths')] as const
  const inputs = given.map((name) => `float[${sizes[name]}] ${name}`)
  const has = (name: NonNullable<Layer['takes']>[number]): string =>
    takes.includes(name) ? name : '""'
  const slots = ['x', 'w', 'r', has('bias'), has('lengths'), has('state'), has('cell')]
  const operands = [...slots, has('peepholes')].join(', ').replace(/(, "")+$/, '')
  const outputs = gives.split(', ').filter((name) => name !== '""')
  const results = outputs.map((name) => `float ${name}`)
  const lengths = takes.includes('lengths') ? `<int32[${SAMPLES}] lengths = {2, ${STEPS}}>` : ''
  const more = attributes === '' ? '' : `, ${attributes}`
  const node = `${gives} = ${kind}<hidden_size=${HIDDEN}${more}>(${operands})`
  return {
    title: `${kind} ${title}`,
    graph: `g (${inputs.join(', ')}) => (${results.join(', ')}) ${lengths} { ${node} }`,
    range: [-0.83, 0.87],
    sizes: { T: STEPS },
  }
}

const BOTH = { attributes: 'direction="bidirectional"', directions: 2 } as const
const REVERSE = 'direction="reverse"'

const COMMON = (['RNN', 'GRU', 'LSTM'] as const).flatMap((kind) => [
  layer(kind, 'without biases', {}),
  layer(kind, 'with biases and a state', { takes: ['bias', 'state'] }),
  layer(kind, 'in reverse', { takes: ['bias', 'state'], attributes: REVERSE }),
  layer(kind, 'in both directions', { takes: ['bias', 'state'], ...BOTH }),
  layer(kind, 'with lengths', { takes: ['bias', 'lengths', 'state'] }),
  layer(kind, 'in both directions with lengths', { takes: ['bias', 'lengths', 'state'], ...BOTH }),
  layer(kind, 'that gives its last state alone', { takes: ['bias'], gives: '"", h' }),
  layer(kind, 'that gives its sequence alone', { takes: ['bias'], gives: 'y' }),
  layer(kind, 'of one step', { takes: ['bias', 'state'], steps: 1 }),
  layer(kind, 'of an open number of steps', { takes: ['bias'], steps: 'T' }),
  layer(kind, 'that clips', { takes: ['bias', 'state'], attributes: 'clip=0.4' }),
])

const ACTIVATIONS = [
  'Relu',
  'LeakyRelu',
  'ThresholdedRelu',
  'Affine',
  'ScaledTanh',
  'HardSigmoid',
  'Elu',
  'Softsign',
  'Softplus',
].map((name) =>
  layer('RNN', `with ${name} and parameters`, {
    takes: ['bias'],
    attributes: `activations=["${name}"], activation_alpha=[0.3], activation_beta=[0.6]`,
  }),
)

const WITHOUT_PARAMETERS = ['HardSigmoid', 'Elu'].map((name) =>
  layer('RNN', `with ${name}`, { attributes: `activations=["${name}"]` }),
)

export const RECURRENT_CASES: readonly GradientCase[] = [
  ...COMMON,
  ...ACTIVATIONS,
  ...WITHOUT_PARAMETERS,
  layer('RNN', 'with functions of its own for each direction', {
    attributes:
      'direction="bidirectional", activations=["HardSigmoid", "Elu"], activation_alpha=[0.3, 0.7], activation_beta=[0.4]',
    directions: 2,
  }),
  layer('GRU', 'that resets behind the product', {
    takes: ['bias', 'state'],
    attributes: 'linear_before_reset=1',
  }),
  layer('GRU', 'that resets behind the product, both ways, with lengths', {
    takes: ['bias', 'lengths', 'state'],
    attributes: 'direction="bidirectional", linear_before_reset=1',
    directions: 2,
  }),
  layer('GRU', 'that resets behind the product without biases', {
    attributes: 'linear_before_reset=1',
  }),
  layer('GRU', 'with other functions', {
    takes: ['bias'],
    attributes: 'activations=["HardSigmoid", "Softsign"]',
  }),
  layer('LSTM', 'with a cell', { takes: ['bias', 'state', 'cell'], gives: 'y, h, c' }),
  layer('LSTM', 'that gives its last cell alone', { takes: ['bias'], gives: '"", "", c' }),
  layer('LSTM', 'with peepholes', {
    takes: ['bias', 'state', 'cell', 'peepholes'],
    gives: 'y, h, c',
  }),
  layer('LSTM', 'with peepholes, both ways, with lengths', {
    takes: ['bias', 'lengths', 'state', 'cell', 'peepholes'],
    gives: 'y, h, c',
    ...BOTH,
  }),
  layer('LSTM', 'with coupled gates', {
    takes: ['bias', 'state', 'cell'],
    gives: 'y, h, c',
    attributes: 'input_forget=1',
  }),
  layer('LSTM', 'with other functions', {
    takes: ['bias', 'state'],
    attributes: 'activations=["HardSigmoid", "Softsign", "Elu"]',
  }),
]
