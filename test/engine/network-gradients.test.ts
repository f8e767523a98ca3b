import { describe, expect, it } from 'vitest'
import { differentiate } from '#engine/autodiff/differentiate'
import { exposeAsInputs, trainableWeights } from '#engine/train/trainable-weights'
import { parseModel } from '#src/onnx/text/parse-model'
import { checkNetwork } from '#test/support/network-gradient-check'
import { NETWORK_CASES } from './network-gradient-cases.ts'

/** Of the steepest element: what a loss of float32 and a step of 0.004 leave. */
const TOLERANCE = 2e-3
const SEED = 11

describe('gradients of whole networks', () => {
  it.each(NETWORK_CASES)('$title', async (network) => {
    const errors = await checkNetwork(network, SEED)
    expect(errors.length).toBeGreaterThan(0)
    for (const { weight, relativeError, magnitude } of errors) {
      expect(magnitude, `gradient of ${weight} is not all zero`).toBeGreaterThan(1e-3)
      expect(relativeError, `gradient of ${weight}`).toBeLessThan(TOLERANCE)
    }
  })
})

function gradientsOf(graph: string) {
  const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]> ${graph}`)
  const weights = trainableWeights(model)
  exposeAsInputs(model, weights)
  const before = model.graph.nodeCount
  const gradients = differentiate(model, model.graph.outputs[0]!, weights, { prefix: 'gradient/' })
  return { weights, gradients, added: model.graph.nodeCount - before }
}

describe('what has no gradient', () => {
  it('is refused, naming the node, when a trained weight lies behind it', () => {
    const graph = `g (float[4,4] x) => (float loss) <float[4,4] w = random(1, 1.0)>
      { a = MatMul(x, w) d = Det(a) loss = Identity(d) }`
    expect(() => gradientsOf(graph)).toThrow(/node 'd' \(Det\) has no gradient/)
  })

  it('is no obstacle beside the path of the gradients', () => {
    const graph = `g (float[4,4] x) => (float loss) <float[4,4] w = random(1, 1.0)>
      { d = Det(x) a = MatMul(x, w) s = Mul(a, d) loss = ReduceMean<keepdims=0>(s) }`
    expect(gradientsOf(graph).gradients.size).toBe(1)
  })

  it('leaves weights behind operators of zero gradient without one', () => {
    const graph = `g (float[4,4] x) => (float loss) <float[4,4] w = random(1, 1.0), float[4,4] v = random(2, 1.0)>
      { a = MatMul(x, w) r = Round(a) b = MatMul(r, v) loss = ReduceMean<keepdims=0>(b) }`
    const { weights, gradients } = gradientsOf(graph)
    expect(weights.map(({ name }) => name)).toEqual(['w', 'v'])
    expect([...gradients.keys()].map(({ name }) => name)).toEqual(['v'])
  })
})

describe('what is learnt', () => {
  const learnt = (graph: string): string[] => {
    const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]> ${graph}`)
    return trainableWeights(model).map(({ name }) => name)
  }

  it('is no number that fills a tensor or takes the place of what a mask hides', () => {
    const graph = `g (float[2,3] x, bool[2,3] m, int64[2] s) => (float[2,3] y)
      <float zero = {0}, float low = {-3}, float[3,3] w = random(1, 1.0)>
      { a = MatMul(x, w) h = Where(m, a, low) e = Expand(zero, s) y = Add(h, e) }`
    expect(learnt(graph)).toEqual(['w'])
  })

  it('is no table of angles', () => {
    const graph = `g (float[2,4,3] x) => (float y)
      <float[1,4,2] c = random(2, 1.0), float[1,4,2] s = random(3, 1.0), float[3,4] w = random(1, 1.0)>
      { a = MatMul(x, w) y = RotaryEmbedding<num_heads=1>(a, c, s) }`
    expect(learnt(graph)).toEqual(['w'])
  })

  it('is no table of zeros and ones that is taken element by element', () => {
    const graph = `g (float[2,2] x) => (float[2,2] y)
      <float[2,2] mask = {1, 0, 1, 1}, float[2,2] identity = {1, 0, 0, 1}, float[2] scale = {1, 1}, float one = {1}>
      { a = MatMul(x, identity) b = Mul(a, scale) c = Sub(one, mask) y = Add(b, c) }`
    expect(learnt(graph)).toEqual(['identity', 'scale'])
  })

  it('is a state that a recurrent layer starts from only where it is not nothing', () => {
    const graph = `g (float[3,1,2] x) => (float[3,1,1,2] y)
      <float[1,2,2] w = random(1, 1.0), float[1,2,2] r = random(2, 1.0), float[1,1,2] h = {0, 0}, float[1,1,2] k = {0.1, 0}>
      { a = RNN<hidden_size=2>(x, w, r, "", "", h) b = RNN<hidden_size=2>(x, w, r, "", "", k)
        y = Add(a, b) }`
    expect(learnt(graph)).toEqual(['w', 'r', 'k'])
  })
})
