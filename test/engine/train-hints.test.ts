// Losses between inner values, and by direction: gradients against central differences, and training by them.

import { describe, expect, it } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import { buildStepGraph } from '#engine/train/step-graph'
import { decays } from '#engine/train/decays'
import type { HintTerm, LossTerm } from '#engine/train/losses/loss-term'
import { mixedTerms, mixup } from '#engine/train/mixup'
import { prepareTraining } from '#engine/train/prepare-training'
import { augment } from '#engine/train/augment'
import { teacherTarget } from '#engine/train/teacher'
import { trainModel } from '#engine/train/train-model'
import { openWeightGradients } from '#engine/train/weight-gradients'
import { floatValues } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import { seededRandom } from '#test/support/seeded-random'
import { HARD, OPTIONS, toyNet, toyPictures, weightsOf } from './train-toy.ts'

const runtime = openRuntime()
const HEADER = '<ir_version: 10, opset_import: ["" : 18]>'
const HINT = {
  kind: 'hint',
  target: 't',
  targetType: 'float32',
  weight: 1,
  output: 'h',
  teacher: 'h',
  adapter: 'none',
} as const

function random(count: number, seed: number): Float32Array {
  const next = seededRandom(seed)
  return Float32Array.from({ length: count }, () => next() * 2 - 1)
}

/** h = x + w: the gradient of w is that of h, which is compared with differences of x. */
async function check(shape: readonly number[], term: LossTerm, target: readonly number[]) {
  const size = shape.reduce((product, dim) => product * dim, 1)
  const model = parseModel(`${HEADER} g (float[${shape.join()}] x) => (float y)
    <float[${shape.join()}] w = random(5, 0.5)> { h = Add(x, w) y = Tanh(h) }`)
  const session = await openWeightGradients(model, [term], runtime, 1)
  const x = random(size, 7)
  const wanted = random(
    target.reduce((product, dim) => product * dim, 1),
    8,
  )
  const loss = () =>
    session.run({
      x: { dtype: 'float32', dims: shape, data: x },
      t: { dtype: 'float32', dims: target, data: wanted },
    })
  const found = (await loss()).gradients.get('w')!
  const largest = Math.max(...found.map(Math.abs))
  expect(largest).toBeGreaterThan(1e-3)
  for (let index = 0; index < size; index += 1) {
    const kept = x[index]!
    x[index] = kept + 1e-2
    const above = (await loss()).loss
    x[index] = kept - 1e-2
    const below = (await loss()).loss
    x[index] = kept
    expect(Math.abs((above - below) / 2e-2 - found[index]!)).toBeLessThan(2e-3 * largest + 2e-5)
  }
  await session.release()
}

const ADAPTER = { name: 'adapter', from: 3, to: 5, seed: 1 }
const CASES: readonly [string, readonly number[], LossTerm, readonly number[]][] = [
  ['cosine', [2, 3, 2], { ...HINT, kind: 'cosine', output: 'y' }, [2, 3, 2]],
  ['attention of pictures', [2, 3, 2, 3], { ...HINT, compare: 'attention', axis: 1 }, [2, 5, 2, 3]],
  ['attention of tokens', [2, 4, 3], { ...HINT, compare: 'attention', axis: -1 }, [2, 4, 6]],
  ['features of one size', [2, 4, 3], { ...HINT, compare: 'features', axis: -1 }, [2, 4, 3]],
  [
    'features of pictures, adapted',
    [2, 3, 2, 2],
    { ...HINT, compare: 'features', axis: 1, adapter: ADAPTER },
    [2, 5, 2, 2],
  ],
  [
    'features of tokens, adapted',
    [2, 4, 3],
    { ...HINT, compare: 'features', axis: -1, adapter: ADAPTER },
    [2, 4, 5],
  ],
  [
    'direction of features, adapted',
    [2, 3, 2, 2],
    { ...HINT, compare: 'cosine', axis: 1, adapter: ADAPTER },
    [2, 5, 2, 2],
  ],
]

it.each(CASES)('the gradient of %s', async (_, shape, term, target) => {
  await check(shape, term, target)
})

describe('training by hints alone', () => {
  const samples = toyPictures(128)
  const hint = (compare: HintTerm['compare'], weight = 1): HintTerm => ({
    ...HINT,
    target: teacherTarget('hint'),
    output: 'r2',
    teacher: 'r2',
    compare,
    axis: 1,
    weight,
    adapter: compare === 'attention' ? 'none' : { name: 'adapter/r2', from: 4, to: 8, seed: 0 },
  })

  it.each(['features', 'cosine', 'attention'] as const)('%s come nearer', async (compare) => {
    const student = toyNet(4, 20)
    const before = weightsOf(student)
    const task = { terms: [hint(compare)], teacher: toyNet(8), samples }
    const options = { ...OPTIONS, epochs: 8, learningRate: 0.02 }
    const report = await trainModel(student, { ...task, options }, runtime)
    expect(report.epochs.at(-1)!.loss).toBeLessThan(report.epochs[0]!.loss * 0.7)
    expect(Object.keys(weightsOf(student))).toEqual(Object.keys(before))
    expect(report.untrained).toEqual(expect.arrayContaining(['w3', 'b3']))
  })

  it('keeps the adapter out of early stopping and the mean of the weights, too', async () => {
    const student = toyNet(4, 20)
    const earlyStopping = { patience: 5, fraction: 0.25 }
    const options = { ...OPTIONS, epochs: 3, averaging: 0.9, earlyStopping }
    const terms = [HARD, hint('features', 0.5)]
    const report = await trainModel(
      student,
      { terms, teacher: toyNet(8), samples, options },
      runtime,
    )
    expect(report.epochs.every(({ validationLoss }) => Number.isFinite(validationLoss))).toBe(true)
    expect(student.graph.initializers.has('adapter/r2')).toBe(false)
  })
})

it('only factors and tables decay', () => {
  const model = parseModel(`${HEADER} g (int64[n, 4] ids) => (float y)
    <float[9, 6] table = random(1, 1), float[1, 1, 6] offset = random(2, 1), float[6, 6] w = random(3, 1), float[1, 6, 1] gate = random(4, 1), float[6] s = random(5, 1)>
    { e = Gather(table, ids) o = Add(e, offset) m = MatMul(o, w) l = LayerNormalization(m, s) t = Transpose<perm=[0,2,1]>(l) y = Mul(t, gate) }`)
  const decaying = [...model.graph.initializers.values()].filter(decays).map(({ name }) => name)
  expect(decaying).toEqual(['table', 'w'])
})

it('running statistics of two small normalizations are their own', async () => {
  const model = parseModel(`${HEADER} g (float[n, 1, 8, 8] x) => (float[n, 3] y)
    <float[4, 1, 3, 3] w1 = random(1, 0.5), float[4, 4, 3, 3] w2 = random(2, 0.5), float[4] s1 = {1, 1, 1, 1}, float[4] b1 = {1, 2, 3, 4},
     float[4] m1 = {0, 0, 0, 0}, float[4] v1 = {1, 1, 1, 1}, float[4] s2 = {1, 1, 1, 1}, float[4] b2 = {0, 0, 0, 0},
     float[4] m2 = {0, 0, 0, 0}, float[4] v2 = {1, 1, 1, 1}, float[4, 3] w3 = random(3, 0.5)>
    { c1 = Conv(x, w1) n1 = BatchNormalization(c1, s1, b1, m1, v1) c2 = Conv(n1, w2)
      n2 = BatchNormalization(c2, s2, b2, m2, v2) p = GlobalAveragePool(n2) f = Flatten(p) y = MatMul(f, w3) }`)
  const samples = toyPictures(64)
  const options = { ...OPTIONS, epochs: 16, learningRate: 1e-6 }
  await trainModel(model, { terms: [HARD], teacher: null, samples, options }, runtime)
  const statistic = (name: string) => [
    ...floatValues(model.graph.initializers.get(name)!.constant!),
  ]
  // Of a sum over 36 products with values around 1 to 4, far from those of the first.
  const [first, second] = [statistic('v1'), statistic('v2')]
  expect(second).not.toEqual(first.map((value) => expect.closeTo(value, 3) as number))
  expect(Math.max(...statistic('m2').map(Math.abs))).toBeGreaterThan(1)
  expect(Math.max(...statistic('m1').map(Math.abs))).toBeLessThan(1)
})

describe('mixed samples', () => {
  const fields = {
    x: { dtype: 'float32', dims: [6, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) },
    labels: { dtype: 'int64', dims: [6], data: BigInt64Array.from([0n, 1n, 2n, 3n, 4n, 5n]) },
  } as const

  it('are two in shares that their labels have', () => {
    const shares = new Set<number>()
    for (let step = 0; step < 20; step += 1) {
      const mixed = mixup(fields, 3, step)
      const share = Number(mixed['mixup/share']!.data[0])
      shares.add(share)
      const partners = mixed['mixup/labels']!.data as BigInt64Array
      expect([...partners].map(Number).toSorted()).toEqual([0, 1, 2, 3, 4, 5])
      mixed['x']!.data.forEach((value, index) => {
        const [row, column] = [Math.floor(index / 2), index % 2]
        const wanted =
          share * (2 * row + column) + (1 - share) * (2 * Number(partners[row]) + column)
        expect(Number(value)).toBeCloseTo(wanted, 4)
      })
    }
    expect(shares.size).toBe(20)
    expect([...shares].filter((share) => share < 0.1 || share > 0.9).length).toBeGreaterThan(8)
    expect(mixup(fields, 3, 1)).toEqual(mixup(fields, 3, 1))
  })

  it('train by both labels, with a teacher that sees the mixture', async () => {
    const soft = { kind: 'divergence', output: 'y', target: teacherTarget('y') } as const
    const terms: LossTerm[] = [
      HARD,
      { ...soft, targetType: 'float32', weight: 1, axis: -1, temperature: 2 },
    ]
    expect(mixedTerms(terms)).toMatchObject([
      { kind: 'mixed_cross_entropy', partner: 'mixup/labels' },
      { kind: 'divergence' },
    ])
    const student = toyNet(4, 20)
    const options = { ...OPTIONS, epochs: 6, augmentations: ['crop', 'mixup'] as const }
    const task = { terms, teacher: toyNet(8), samples: toyPictures(128), options }
    const report = await trainModel(student, task, runtime)
    expect(report.teacher).toBe('along')
    expect(report.epochs.at(-1)!.loss).toBeLessThan(report.epochs[0]!.loss)
  })

  it('of one label have the loss of that label', async () => {
    const own = mixedTerms([HARD])
    const { model } = await prepareTraining(toyNet(4), runtime)
    const graph = buildStepGraph(model, own, OPTIONS, { block: 'none' })
    expect(graph.model.graph.inputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['labels', 'mixup/labels', 'mixup/share']),
    )
  })
})

it('a cropped picture is a part of it, enlarged: a plane stays a plane', () => {
  const side = 16
  const data = Float32Array.from({ length: 4 * side * side }, (_, index) => index % side)
  const x = { dtype: 'float32', dims: [4, 1, side, side], data } as const
  const cropped = augment({ x }, ['crop'], 5, 0)['x']!.data as Float32Array
  const slopes = [0, 1, 2, 3].map((picture) => {
    const row = [...cropped.subarray(picture * side * side, picture * side * side + side)]
    const steps = row.slice(3, -3).map((value, index) => row[index + 4]! - value)
    for (const step of steps) expect(step).toBeCloseTo(steps[0]!, 4)
    expect(Math.min(...row)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...row)).toBeLessThanOrEqual(side - 1)
    return steps[0]!
  })
  for (const slope of slopes) {
    expect(slope).toBeGreaterThan(0.69)
    expect(slope).toBeLessThanOrEqual(1.0001)
  }
  expect(new Set(slopes).size).toBe(4)
})
