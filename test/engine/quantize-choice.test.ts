import { describe, expect, it } from 'vitest'
import type { CandidateMeasures } from '#engine/quantize/choose-candidate'
import { chooseCandidate } from '#engine/quantize/choose-candidate'
import { activationParameters } from '#engine/quantize/activation-parameters'
import { cutNodes } from '#engine/quantize/min-cut'
import type { StaticCandidate } from '#engine/quantize/static'
import { STATIC_DEFAULTS, quantizeStatic } from '#engine/quantize/static'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, outputNoise, runtime } from './model-runs.ts'

const MODEL = parseModel('<opset_import: ["" : 17]> g (float[N] x) => (float[N] y) { y = Relu(x) }')

function candidate(placement: StaticCandidate['placement']): StaticCandidate {
  return { placement, model: MODEL, integerNodes: [], details: {}, declined: [] }
}

const CANDIDATES = [candidate('cost-plan'), candidate('all-but-first'), candidate('weights-only')]

async function choice(speedups: readonly number[], losses: readonly (number | null)[]) {
  const measures = new Map<StaticCandidate, CandidateMeasures>()
  CANDIDATES.forEach((item, index) => {
    measures.set(item, { speedup: speedups[index] ?? 1, loss: losses[index] ?? null })
  })
  return chooseCandidate(CANDIDATES, async (item) => {
    return measures.get(item) ?? { speedup: NaN, loss: null }
  })
}

describe('choice of a candidate', () => {
  it('takes the fastest that is accurate enough', async () => {
    const { candidate: kept } = await choice([1.2, 1.8, 1], [0.001, 0.02, 0])
    expect(kept.placement).toBe('cost-plan')
  })

  it('takes the earlier of two that are equally fast', async () => {
    const { candidate: kept } = await choice([1.5, 1.51, 1], [null, null, null])
    expect(kept.placement).toBe('cost-plan')
  })

  it('takes the most accurate when none is accurate enough', async () => {
    const { candidate: kept, reason } = await choice([1.5, 1.6, 1], [0.2, 0.3, 0.1])
    expect([kept.placement, reason]).toEqual([
      'weights-only',
      'none is accurate enough: the least loss',
    ])
  })

  it('refuses to choose from nothing', async () => {
    const measure = async (): Promise<CandidateMeasures> => ({ speedup: 1, loss: 0 })
    await expect(chooseCandidate([], measure)).rejects.toThrow(RangeError)
  })
})

describe('quantizeStatic', () => {
  const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 64] x) => (float[N, 64] y)
    <${floatConstant('w', [64, 64], 1, 0.1)}, ${floatConstant('v', [64, 64], 2, 0.1)}>
    { [m] a = MatMul(x, w)  r = Relu(a)  [n] y = MatMul(r, v) }`
  const feeds = [{ x: floatTensor([4, 64], 3) }]
  const options = STATIC_DEFAULTS

  it('measures each placement against the float model and keeps the best', async () => {
    const seen: string[] = []
    const result = await quantizeStatic(parseModel(text), options, feeds, runtime, {
      measure: async ({ placement }, float) => {
        seen.push(placement)
        expect([...float.graph.nodes()].some(({ opType }) => opType === 'QuantizeLinear')).toBe(
          false,
        )
        return { speedup: placement === 'weights-only' ? 2 : 1, loss: 0 }
      },
    })
    expect(seen).toContain('all-but-first')
    expect(result.details['placement']).toBe('weights-only')
    expect(result.details['choice']).toBe('the fastest that is accurate enough')
  })

  it('takes the plan when nothing is measured', async () => {
    const result = await quantizeStatic(parseModel(text), options, feeds, runtime, 'unmeasured')
    expect(result.details['placement']).not.toBe('unchanged')
    expect(await outputNoise(parseModel(text), result.model, feeds[0] ?? {})).toBeGreaterThan(25)
  })
})

describe('minimum cut', () => {
  const tensor = (maker: number | null, readers: (number | null)[], cost: number) => {
    return { maker, readers, cost }
  }

  it('equals the best of all assignments on random graphs', () => {
    let state = 12345
    const random = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return state / 4294967296
    }
    for (let round = 0; round < 30; round += 1) {
      const nodes = Array.from({ length: 7 }, () => ({
        float: random() * 10,
        integer: random() < 0.2 ? Infinity : random() * 10,
      }))
      const tensors = nodes.map((_, maker) => {
        const readers = nodes.flatMap((__, reader) =>
          reader > maker && random() < 0.4 ? [reader] : [],
        )
        return tensor(maker, maker === 6 ? [null] : readers, random() * 4)
      })
      tensors.push(tensor(null, [0, 1], random() * 4))
      const total = (sides: readonly boolean[]): number => {
        const own = nodes.reduce((sum, node, index) => {
          return sum + (sides[index] ? node.integer : node.float)
        }, 0)
        return tensors.reduce((sum, { maker, readers, cost }) => {
          const side = maker === null ? false : (sides[maker] ?? false)
          const differs = readers.some(
            (reader) => (reader === null ? false : sides[reader]) !== side,
          )
          return sum + (differs ? cost : 0)
        }, own)
      }
      const all = Array.from({ length: 128 }, (_, bits) =>
        nodes.map((__, index) => ((bits >> index) & 1) === 1),
      )
      const best = Math.min(...all.map(total))
      expect(total(cutNodes(nodes, tensors, []))).toBeCloseTo(best, 9)
    }
  })

  it('keeps a follower in float when its leader is', () => {
    const nodes = [
      { float: 0, integer: Infinity },
      { float: 5, integer: 0 },
    ]
    expect(cutNodes(nodes, [], [])).toEqual([false, true])
    expect(cutNodes(nodes, [], [{ node: 1, leader: 0 }])).toEqual([false, false])
  })
})

describe('activation parameters', () => {
  it.each([
    [-1, 3],
    [0, 6],
    [2, 5],
    [-4, -1],
    [-0.001, 1000],
  ])('hold zero exactly and cover [%s, %s]', (low, high) => {
    const { scale, zeroPoint } = activationParameters({ low, high })
    expect(Number.isInteger(zeroPoint)).toBe(true)
    const slack = scale * 1e-3
    expect(-zeroPoint * scale).toBeLessThanOrEqual(
      Math.min(low, 0) + (zeroPoint === 0 ? scale / 2 : slack),
    )
    expect((255 - zeroPoint) * scale).toBeGreaterThanOrEqual(Math.max(high, 0) - slack)
  })

  it('gives a range without width a usable scale', () => {
    expect(activationParameters({ low: 0, high: 0 })).toEqual({ scale: 1, zeroPoint: 0 })
  })
})
