import { describe, expect, it } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import type { LossTerm } from '#engine/train/losses/loss-term'
import type { Optimizer } from '#engine/train/optimizers/optimizer'
import { derivedSeed, sampleOrder } from '#engine/train/sample-order'
import type { ScheduleKind } from '#engine/train/schedule'
import { rateFactor } from '#engine/train/schedule'
import { trainModel } from '#engine/train/train-model'
import { TrainingSamples } from '#engine/train/training-samples'
import { openWeightGradients } from '#engine/train/weight-gradients'
import { parseModel } from '#src/onnx/text/parse-model'
import { OPTIONS, toyPictures, weightsOf } from './train-toy.ts'

describe('the learning rate', () => {
  const factors = (kind: ScheduleKind, warmUp = 0) =>
    [0, 25, 50, 75, 99].map((step) => rateFactor({ kind, warmUp }, step, 100))

  it('stays, or falls as a wave, by tenths, or after a rise', () => {
    expect(factors('constant')).toEqual([1, 1, 1, 1, 1])
    const [first, quarter, half, , last] = factors('cosine')
    expect([first, half]).toEqual([1, expect.closeTo(0.5)])
    expect(quarter).toBeCloseTo((1 + Math.SQRT1_2) / 2)
    expect(last).toBeLessThan(0.001)
    expect(factors('step')).toEqual([1, 1, 0.1, expect.closeTo(0.01), expect.closeTo(0.01)])
    const cycle = factors('one_cycle')
    expect(cycle[0]).toBeCloseTo(1 / 25)
    expect(Math.max(...cycle)).toBe(cycle[1])
    expect(rateFactor({ kind: 'one_cycle', warmUp: 0 }, 30, 100)).toBeCloseTo(1)
  })

  it('rises in a line first', () => {
    const rates = [0, 1, 2, 3, 4].map((step) =>
      rateFactor({ kind: 'cosine', warmUp: 4 }, step, 100),
    )
    expect(rates.map((rate) => Number(rate.toFixed(6)))).toEqual([0.2, 0.4, 0.6, 0.8, 1])
  })
})

describe('the order of the samples', () => {
  it.each([
    [100, { chunk: 7, resident: 1000 }],
    [100, { chunk: 7, resident: 3 }],
    [5, { chunk: 10, resident: 1 }],
  ])('of %i holds each once, in other orders for other epochs', (count, plan) => {
    const orders = [0, 1].map((epoch) => [...sampleOrder(count, plan, 4, epoch)])
    for (const order of orders) {
      expect(order.toSorted((a, b) => a - b)).toEqual([...Array(count).keys()])
    }
    expect(orders[0]).not.toEqual(orders[1])
    expect([...sampleOrder(count, plan, 4, 0)]).toEqual(orders[0])
  })

  it('reads no more chunks at a time than fit', () => {
    const order = [...sampleOrder(100, { chunk: 10, resident: 2 }, 1, 0)]
    const chunks = new Set(order.slice(0, 20).map((index) => Math.floor(index / 10)))
    expect(chunks.size).toBe(2)
  })

  it('has seeds that differ', () => {
    const seeds = Array.from({ length: 1000 }, (_, index) => derivedSeed(index % 10, index))
    expect(new Set(seeds).size).toBe(1000)
  })
})

describe('samples picked one by one', () => {
  it('are the ones asked for, however little memory there is', async () => {
    const source = toyPictures(40)
    const all = await source.batch(0, 40)
    const [roomy, tight] = [
      await TrainingSamples.open(source),
      await TrainingSamples.open(source, 1),
    ]
    const order = [3, 39, 0, 17, 3]
    for (const samples of [roomy, tight]) {
      const { x, labels } = await samples.pick(order)
      expect(x!.dims).toEqual([5, 1, 8, 8])
      expect([...(labels!.data as BigInt64Array)]).toEqual(
        order.map((index) => (all['labels']!.data as BigInt64Array)[index]),
      )
      expect(x!.data.subarray(64, 128)).toEqual(all['x']!.data.subarray(39 * 64, 40 * 64))
    }
  })
})

describe('losses', () => {
  /** y = w, so that the gradient of the weight is that of the output. */
  async function gradientOf(
    term: Partial<LossTerm>,
    logits: number[],
    target: Float32Array | BigInt64Array,
  ) {
    const rows = logits.length / 3
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[${rows}, 3] x) => (float[${rows}, 3] y) <float[${rows}, 3] w = {${logits.join()}}> { y = Add(x, w) }`)
    const targetType = target instanceof BigInt64Array ? 'int64' : 'float32'
    const terms = [
      { output: 'y', target: 't', targetType, weight: 1, axis: -1, ...term } as LossTerm,
    ]
    const session = await openWeightGradients(model, terms, openRuntime(), 1)
    const dims = target instanceof BigInt64Array ? [rows] : [rows, 3]
    const result = await session.run({
      x: { dtype: 'float32', dims: [rows, 3], data: new Float32Array(logits.length) },
      t: { dtype: targetType, dims, data: target },
    })
    await session.release()
    return { loss: result.loss, gradient: [...(result.gradients.get('w') ?? [])] }
  }

  const softmax = (values: number[]): number[] => {
    const exps = values.map(Math.exp)
    const sum = exps.reduce((a, b) => a + b, 0)
    return exps.map((value) => value / sum)
  }
  const close = (values: number[]) => values.map((value) => expect.closeTo(value, 5) as number)

  it('cross-entropy skips what has no class', async () => {
    const logits = [0.3, -0.2, 1, 2, 0.1, -1]
    const labels = BigInt64Array.of(2n, -1n)
    const term = { kind: 'cross_entropy', smoothing: 0 } as const
    const { loss, gradient } = await gradientOf(term, logits, labels)
    const p = softmax(logits.slice(0, 3))
    expect(loss).toBeCloseTo(-Math.log(p[2]!), 5)
    expect(gradient).toEqual(close([p[0]!, p[1]!, p[2]! - 1, 0, 0, 0]))
  })

  it('cross-entropy with smoothing has p − q as gradient', async () => {
    const logits = [0.3, -0.2, 1]
    const term = { kind: 'cross_entropy', smoothing: 0.3 } as const
    const { gradient } = await gradientOf(term, logits, BigInt64Array.of(0n))
    const p = softmax(logits)
    expect(gradient).toEqual(close([p[0]! - 0.8, p[1]! - 0.1, p[2]! - 0.1]))
  })

  it('divergence has T·(q − p) as gradient and is 0 for equal answers', async () => {
    const [logits, teacher] = [
      [0.3, -0.2, 1],
      [1, 2, -1],
    ]
    const term = { kind: 'divergence', temperature: 2 } as const
    const { gradient } = await gradientOf(term, logits, Float32Array.from(teacher))
    const [q, p] = [logits, teacher].map((values) => softmax(values.map((value) => value / 2)))
    expect(gradient).toEqual(close(q!.map((value, index) => 2 * (value - p![index]!))))
    const same = await gradientOf(term, logits, Float32Array.from(logits.map((value) => value + 5)))
    expect(same.loss).toBeCloseTo(0, 5)
  })

  it('squared error, absolute and relative', async () => {
    const [output, target] = [[1, 2, 3], Float32Array.of(1, 4, 5)]
    const absolute = await gradientOf({ kind: 'squared_error', scale: 'absolute' }, output, target)
    expect(absolute.loss).toBeCloseTo(8 / 3, 5)
    expect(absolute.gradient).toEqual(close([0, -4 / 3, -4 / 3]))
    const relative = await gradientOf({ kind: 'squared_error', scale: 'relative' }, output, target)
    expect(relative.loss).toBeCloseTo(8 / 42, 5)
  })
})

describe('optimizers', () => {
  const START = [0.5, -0.3, 2]
  const TARGET = [1, 1, 1]
  const RATE = 0.1
  const DECAY = 0.2

  /** y = x·w with x = 1: the gradient of the mean of (w − t)² is 2·(w − t) ÷ 3. */
  async function trained(optimizer: Optimizer, steps: number): Promise<number[]> {
    const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[n, 1] x) => (float[n, 3] y) <float[1, 3] w = {${START.join()}}> { y = MatMul(x, w) }`)
    const rows = (values: number[], start: number, end: number) => ({
      dtype: 'float32' as const,
      dims: [end - start, values.length],
      data: Float32Array.from(
        { length: values.length * (end - start) },
        (_, index) => values[index % values.length]!,
      ),
    })
    const batch = (start: number, end: number) =>
      Promise.resolve({ x: rows([1], start, end), t: rows(TARGET, start, end) })
    const term = { kind: 'squared_error', output: 'y', target: 't', targetType: 'float32' } as const
    const terms = [{ ...term, weight: 1, scale: 'absolute' }] as const
    const schedule = { kind: 'constant', warmUp: 0 } as const
    const options = {
      ...OPTIONS,
      optimizer,
      learningRate: RATE,
      schedule,
      epochs: steps,
      batchSize: 4,
    }
    const samples = { count: 4, batch }
    await trainModel(model, { terms, teacher: null, samples, options }, openRuntime())
    return [...weightsOf(model)['w']!]
  }

  const gradient = (w: number, index: number) => (2 * (w - TARGET[index]!)) / 3

  it.each([true, false])('SGD, Nesterov %s', async (nesterov) => {
    const optimizer = { type: 'sgd', momentum: 0.9, nesterov, weightDecay: DECAY } as const
    const expected = START.map((start, index) => {
      let [w, v] = [start, 0]
      for (let step = 0; step < 5; step += 1) {
        const d = gradient(w, index) + DECAY * w
        v = 0.9 * v + d
        w -= RATE * (nesterov ? d + 0.9 * v : v)
      }
      return expect.closeTo(w, 5) as number
    })
    expect(await trained(optimizer, 5)).toEqual(expected)
  })

  it.each(['adam', 'adamw'] as const)('%s', async (type) => {
    const optimizer = { type, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: DECAY } as const
    const expected = START.map((start, index) => {
      let [w, m, v] = [start, 0, 0]
      for (let step = 1; step <= 5; step += 1) {
        const d = gradient(w, index) + (type === 'adam' ? DECAY * w : 0)
        m = 0.9 * m + 0.1 * d
        v = 0.99 * v + 0.01 * d * d
        const move = m / (1 - 0.9 ** step) / (Math.sqrt(v / (1 - 0.99 ** step)) + 1e-8)
        w -= RATE * (move + (type === 'adamw' ? DECAY * w : 0))
      }
      return expect.closeTo(w, 5) as number
    })
    expect(await trained(optimizer, 5)).toEqual(expected)
  })
})
