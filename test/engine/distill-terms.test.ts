import { describe, expect, it } from 'vitest'
import { parseModel } from '#src/onnx/text/parse-model'
import { evaluation } from '#src/recipes/evaluation'
import { retraining } from '#src/recipes/training'
import { distillTerms } from '#workers/steps/distill-terms'

const REQUEST = {
  loss: 'auto',
  temperature: 4,
  alpha: 0.9,
  training: retraining.parse({}),
} as const
const LABELS = { labels: { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) } } as const

function terms(output: string, body: string) {
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    g (float[N,4] x) => (float${output} y) <float[4,1] w = random(1, 1.0), float[4,3] v = random(2, 1.0)> { ${body} }`)
  const judged = evaluation.parse({ task: 'classification' })
  return distillTerms(model, REQUEST, judged, LABELS).map(({ kind, weight }) => {
    return `${kind} ${weight.toFixed(1)}`
  })
}

describe('terms of a classification', () => {
  it('are distributions over several classes', () => {
    const found = terms('[N,3]', 'y = MatMul(x, v)')
    expect(found).toEqual(['divergence 0.9', 'cross_entropy 0.1'])
  })

  it('are squared errors of one probability, which as a distribution would always be 1', () => {
    const found = terms('[N,1]', 'a = MatMul(x, w) y = Sigmoid(a)')
    expect(found).toEqual(['squared_error 0.9', 'squared_error 0.1'])
  })

  it('leave labels out where one number is no probability', () => {
    expect(terms('[N,1]', 'y = MatMul(x, w)')).toEqual(['squared_error 1.0'])
  })
})
