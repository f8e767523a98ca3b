// What simplify does to a model as a whole, and what it leaves.

import { describe, expect, it } from 'vitest'
import { dropAnnotations } from '#engine/rewrite/drop-annotations'
import { simplify } from '#engine/rewrite/simplify'
import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, runtime } from './model-runs.ts'

const CONV = floatConstant('w', [4, 3, 3, 3], 1)
const STATISTICS = [
  'float[4] gamma = {1.5, -0.5, 2, 0.25}',
  'float[4] beta = {0.1, 0.2, -0.3, 0.4}',
  'float[4] mean = {0.5, -1, 0, 2}',
  'float[4] variance = {1, 0.25, 4, 2}',
]

function operators(model: Model): string[] {
  return [...model.graph.nodes()].map(({ opType }) => opType).toSorted()
}

describe('simplify', () => {
  it('raises an old model and drops constants from its inputs', async () => {
    const text = `<ir_version: 3, opset_import: ["" : 7]>
      g (float[N, 6] x, float[6, 5] w) => (float[N, 5] y)
      <${floatConstant('w', [6, 5], 9)}> { p = MatMul(x, w) d = Dropout(p) y = Relu(d) }`
    const model = parseModel(text)
    await simplify(model, runtime)
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['x'])
    expect(model.opsetImports).toEqual([{ domain: '', version: 17 }])
    expect(model.irVersion).toBeGreaterThanOrEqual(8)
    expect(operators(model)).toEqual(['MatMul', 'Relu'])
  })

  it('leaves random numbers and constants that would grow', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]>
      g (float[4, 4] x) => (float[4, 4] y, float[64, 64] z) <int64[2] big = {64, 64}>
      { r = RandomNormal<shape = [4, 4]>() y = Add(x, r) f = ConstantOfShape(big) z = Relu(f) }`
    const model = parseModel(text)
    const report = await simplify(model, runtime)
    expect(operators(model)).toEqual(['Add', 'ConstantOfShape', 'RandomNormal', 'Relu'])
    const reasons = report.declined.filter(({ rule }) => rule === 'fold-constants')
    expect(reasons[0]?.reason).toMatch(/its result takes 16384 bytes/)
  })

  it('drops notes on nodes and types that inference finds, and keeps those of the interface', async () => {
    const model = parseModel(
      '<ir_version: 10, opset_import: ["" : 17]> g (float[N, 4] x) => (float[N, 4] y) { a = Relu(x) b = Acme.Odd(a) y = Neg(b) }',
    )
    const [relu, odd] = model.graph.nodes()
    for (const node of [relu, odd]) {
      const output = node?.output(0)
      if (node === undefined || !output) throw new Error('two nodes with an output')
      node.metadata = [['pkg.torch.onnx.stack_trace', 'File "model.py", line 1']]
      output.type = { kind: 'tensor', dtype: 'float32', shape: ['N', 4] }
      model.graph.valueInfo.push(output)
    }
    await dropAnnotations.run(model, runtime)
    expect(relu?.metadata).toEqual([])
    expect(model.graph.valueInfo.map(({ name }) => name)).toEqual(['b'])
    expect(model.graph.outputs[0]?.type).toMatchObject({ dtype: 'float32', shape: ['N', 4] })
  })

  it('says why weights that two convolutions share are not changed', async () => {
    const text = `<ir_version: 8, opset_import: ["" : 17]> g (float[N, 3, 8, 8] x) => (float[N, 4, 6, 6] y)
      <${[CONV, ...STATISTICS].join(', ')}>
      { c = Conv(x, w) d = BatchNormalization(c, gamma, beta, mean, variance) n = Neg(x) e = Conv(n, w) y = Add(d, e) }`
    const model = parseModel(text)
    const report = await simplify(model, runtime)
    expect(operators(model)).toContain('BatchNormalization')
    expect(report.declined).toContainEqual({
      rule: 'fuse-batch-norm',
      node: 'd',
      reason: 'its weights are shared',
    })
  })
})
