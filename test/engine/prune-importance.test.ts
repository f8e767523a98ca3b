// Importances that look at data, against what the loss does when a gate moves.

import { describe, expect, test } from 'vitest'
import type { ImportanceContext, UnitScores } from '#engine/prune/importance/importance'
import type { MeasureName } from '#engine/prune/importance/measures'
import { MEASURES } from '#engine/prune/importance/measures'
import { prepareModel } from '#engine/prune/prepare-model'
import { AxisTrace } from '#engine/prune/trace-axes'
import { unstructuredMask } from '#engine/prune/unstructured-mask'
import { unitsOf } from '#engine/prune/units'
import { maskWeights } from '#engine/prune/weight-masks'
import { typedTensor } from '#src/onnx/ir/tensor'
import { floatValues } from '#src/onnx/tensor-values'
import { caseModel } from '#test/support/prune-case'
import { FEEDS, FIELDS, HIDDEN, LABELLED, OWN, SAMPLES, network, taskOf } from './gate-network.ts'
import { floatTensor, runModel, runtime } from './model-runs.ts'

async function scoresBy(name: MeasureName, terms = LABELLED): Promise<UnitScores> {
  const model = network()
  await prepareModel(model, runtime)
  const trace = new AxisTrace(model)
  const units = unitsOf(trace)
  const context: ImportanceContext = {
    trace,
    units,
    model,
    runtime,
    seed: 1,
    norm: 'l2',
    feeds: FEEDS,
    gradients: taskOf(terms),
  }
  const [scores] = await MEASURES[name](context)
  expect(units.map(({ atoms }) => atoms.length)).toEqual([HIDDEN])
  return scores!
}

/** Cross-entropy or divergence from `own` of each sample with gate `unit` at `gate`. */
async function losses(unit: number, gate: number, own: Float32Array | null): Promise<number[]> {
  const model = network()
  const weight = model.graph.initializers.get('v')!
  const values = Float32Array.from(floatValues(weight.constant!), (value, index) =>
    Math.floor(index / 3) === unit ? value * gate : value,
  )
  model.graph.setInitializer(weight, typedTensor('v', 'float32', [HIDDEN, 3], values))
  const logits = (await runModel(model, { x: FIELDS.x }))['y']!.data as Float32Array
  const logs = (all: Float32Array, sample: number) => {
    const row = [...all.subarray(sample * 3, sample * 3 + 3)]
    const sum = Math.log(row.reduce((total, value) => total + Math.exp(value), 0))
    return row.map((value) => value - sum)
  }
  return Array.from({ length: SAMPLES }, (_, sample) => {
    const q = logs(logits, sample)
    if (own === null) return -q[sample % 3]!
    return logs(own, sample).reduce((sum, p, index) => sum + Math.exp(p) * (p - q[index]!), 0)
  })
}

const STEP = 0.01

describe('importance by gradients', () => {
  test('fisher is the mean square of how each loss moves with a gate', async () => {
    const { absolute } = await scoresBy('fisher')
    for (const unit of [0, 3, 7]) {
      const [up, down] = [await losses(unit, 1 + STEP, null), await losses(unit, 1 - STEP, null)]
      const slopes = up.map((loss, sample) => (loss - down[sample]!) / (2 * STEP))
      const expected = slopes.reduce((sum, slope) => sum + slope ** 2, 0) / SAMPLES
      expect((absolute as Float64Array)[unit]! / expected).toBeCloseTo(1, 2)
    }
  })

  test('taylor is the square of how the mean loss of eight samples moves', async () => {
    const { absolute } = await scoresBy('taylor')
    const [up, down] = [await losses(2, 1 + STEP, null), await losses(2, 1 - STEP, null)]
    const slopes = up.map((loss, sample) => (loss - down[sample]!) / (2 * STEP))
    let expected = 0
    for (let start = 0; start < SAMPLES; start += 8) {
      const mean = slopes.slice(start, start + 8).reduce((sum, slope) => sum + slope / 8, 0)
      expected += mean ** 2 / (SAMPLES / 8)
    }
    expect((absolute as Float64Array)[2]! / expected).toBeCloseTo(1, 2)
  })

  test('hessian without labels is half the curvature of the divergence from itself', async () => {
    const { absolute } = await scoresBy('hessian', OWN)
    const own = (await runModel(network(), { x: FIELDS.x }))['y']!.data as Float32Array
    const expected = await Promise.all(
      Array.from({ length: HIDDEN }, async (_, unit) => {
        const [up, down] = [await losses(unit, 1.05, own), await losses(unit, 0.95, own)]
        const sum = up.reduce((total, loss, index) => total + loss + down[index]!, 0)
        return sum / SAMPLES / 0.05 ** 2 / 2
      }),
    )
    // 32 directions: what other gates add does not cancel quite.
    const found = [...(absolute as Float64Array)]
    expect(correlation(found, expected)).toBeGreaterThan(0.8)
    const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
    expect(total(found) / total(expected)).toBeGreaterThan(0.7)
    expect(total(found) / total(expected)).toBeLessThan(1.4)
  })

  test.each(['gradient', 'taylor', 'fisher', 'hessian', 'obs'] as const)(
    '%s needs no labels, and says the same again',
    async (name) => {
      const one = await scoresBy(name, OWN)
      const other = await scoresBy(name, OWN)
      expect(one.absolute).toEqual(other.absolute)
      expect(one.relative.reduce((sum, score) => sum + score, 0)).toBeCloseTo(HIDDEN, 6)
      expect([...one.relative].every(Number.isFinite)).toBe(true)
    },
  )

  test('obs is what a channel costs when the others make up for it', async () => {
    const { absolute } = await scoresBy('obs')
    const least = [...(absolute as Float64Array)].reduce((a, b) => Math.min(a, b))
    const best = await Promise.all(Array.from({ length: HIDDEN }, (_, unit) => leastSquares(unit)))
    // Damping of 1 % makes the cost larger than it is.
    expect(least / Math.min(...best)).toBeGreaterThan(0.9)
    expect(least / Math.min(...best)).toBeLessThan(1.6)
  })
})

function correlation(one: readonly number[], other: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
  const [a, b] = [mean(one), mean(other)]
  const covariance = mean(one.map((value, index) => (value - a) * (other[index]! - b)))
  const spread = (values: readonly number[], m: number) =>
    Math.sqrt(mean(values.map((v) => (v - m) ** 2)))
  return covariance / (spread(one, a) * spread(other, b))
}

/** The share of the output's energy that no weights of the other channels can restore, by descent on the residual. */
async function leastSquares(unit: number): Promise<number> {
  const probe = network()
  probe.graph.outputs.push([...probe.graph.nodes()][1]!.output(0)!)
  const hidden = (await runModel(probe, { x: FIELDS.x }))['r']!.data as Float32Array
  const v = floatValues(network().graph.initializers.get('v')!.constant!)
  const column = (index: number) =>
    Float64Array.from({ length: SAMPLES }, (_, s) => hidden[s * HIDDEN + index]!)
  const basis: Float64Array[] = []
  const dot = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  const rest = (vector: Float64Array) => {
    let left = vector
    for (const axis of basis) {
      const share = dot(left, axis)
      left = left.map((value, i) => value - share * axis[i]!)
    }
    return left
  }
  for (let other = 0; other < HIDDEN; other += 1) {
    if (other === unit) continue
    const left = rest(column(other))
    const size = Math.sqrt(dot(left, left))
    basis.push(left.map((value) => value / size))
  }
  const lost = rest(column(unit))
  const weights = [0, 1, 2].map((output) => v[unit * 3 + output]!)
  const energy = [0, 1, 2].reduce((sum, output) => {
    const y = Float64Array.from({ length: SAMPLES }, (_, s) => {
      let value = 0
      for (let h = 0; h < HIDDEN; h += 1) value += hidden[s * HIDDEN + h]! * v[h * 3 + output]!
      return value
    })
    return sum + dot(y, y)
  }, 0)
  return (dot(lost, lost) * weights.reduce((sum, w) => sum + w ** 2, 0)) / energy
}

describe('importance of elements', () => {
  test.each(['gradient', 'taylor', 'fisher', 'hessian'] as const)(
    'elements are masked by %s',
    async (importance) => {
      const model = network()
      const mask = unstructuredMask({ kind: 'layer' }, { kind: 'sparsity', value: 0.5 })
      const task = taskOf(OWN)
      const options = {
        rule: 'prune',
        excludedLayers: [],
        feeds: FEEDS,
        seed: 3,
        importance,
        gradients: task,
      }
      const { details } = await maskWeights(model, mask, options, runtime)
      expect(details).toMatchObject({ elements: 9 * HIDDEN, zeros: 4.5 * HIDDEN })
    },
  )
})

describe('a model of which no layer tells what it reads', () => {
  test.each(['activation', 'obs'] as const)('%s ranks by magnitude', async (name) => {
    const model = caseModel({
      title: 'products by Einsum',
      input: 'float[B,5] x',
      weights: { w1: [5, 8], w2: [8, 3] },
      body: 'h = Einsum<equation="bi,ij->bj">(x, w1) r = Relu(h) y = Einsum<equation="bj,jk->bk">(r, w2)',
      units: [8],
    })
    const trace = new AxisTrace(model)
    const feeds = {
      async *[Symbol.asyncIterator]() {
        yield { x: floatTensor([4, 5], 1) }
      },
    }
    const context = { trace, units: unitsOf(trace), model, runtime, seed: 1, feeds } as const
    const all = { ...context, norm: 'l2', gradients: 'none' } as const
    const [scores] = await MEASURES[name](all)
    const [magnitudes] = await MEASURES.magnitude(all)
    expect(scores).toEqual({ absolute: 'none', relative: magnitudes!.relative })
  })
})
