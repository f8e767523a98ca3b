// Einsum of one variable and one constant becomes a product of matrices: equal on random input, by the operators that are left.

import { describe, expect, it } from 'vitest'
import { simplify } from '#engine/rewrite/simplify'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, relativeDifference, runModel, runtime } from './model-runs.ts'

interface Case {
  readonly equation: string
  readonly x: readonly number[]
  readonly weight: readonly number[]
  readonly rank: number
  readonly left: readonly string[]
  readonly isFirst?: boolean
}

const CASES: readonly Case[] = [
  { equation: 'btd,de->bte', x: [2, 5, 6], weight: [6, 4], rank: 3, left: ['MatMul'] },
  { equation: 'btd,ed->bte', x: [2, 5, 6], weight: [4, 6], rank: 3, left: ['MatMul'] },
  { equation: '...d,de', x: [2, 3, 5, 6], weight: [6, 4], rank: 4, left: ['MatMul'] },
  {
    equation: 'oi,bit->bot',
    x: [2, 6, 5],
    weight: [4, 6],
    rank: 3,
    left: ['MatMul', 'Transpose', 'Transpose'],
    isFirst: true,
  },
  {
    equation: 'btd,dhk->bthk',
    x: [2, 5, 6],
    weight: [6, 3, 4],
    rank: 4,
    left: ['MatMul', 'Reshape'],
  },
  {
    equation: 'btd,dhk->bhtk',
    x: [2, 5, 6],
    weight: [6, 3, 4],
    rank: 4,
    left: ['MatMul', 'Reshape', 'Transpose'],
  },
  {
    equation: 'bthk,hkd->btd',
    x: [2, 5, 3, 4],
    weight: [3, 4, 6],
    rank: 3,
    left: ['MatMul', 'Reshape'],
  },
  {
    equation: 'bhtk,hkd->btd',
    x: [2, 3, 5, 4],
    weight: [3, 4, 6],
    rank: 3,
    left: ['MatMul', 'Reshape', 'Transpose'],
  },
  { equation: 'bhtd,hde->bhte', x: [2, 3, 5, 6], weight: [3, 6, 4], rank: 4, left: ['MatMul'] },
  { equation: 'bhtd,hed->bhte', x: [2, 3, 5, 6], weight: [3, 4, 6], rank: 4, left: ['MatMul'] },
]

const KEPT: readonly Case[] = [
  { equation: 'bthd,hde->bthe', x: [2, 5, 3, 6], weight: [3, 6, 4], rank: 4, left: ['Einsum'] },
  { equation: 'btd,d->bt', x: [2, 5, 6], weight: [6], rank: 2, left: ['Einsum'] },
  { equation: 'btd,dd->bt', x: [2, 5, 6], weight: [6, 6], rank: 2, left: ['Einsum'] },
  { equation: 'bti,de->de', x: [2, 5, 6], weight: [6, 4], rank: 2, left: ['Einsum'] },
  { equation: 'btd,de->bte', x: [2, 5, 6], weight: [1, 4], rank: 3, left: ['Einsum'] },
]

/** Open axes but the one multiplied along, so that nothing but it is known. */
function textOf({ equation, x, weight, rank, isFirst = false }: Case): string {
  const open = x.map((size, axis) => (axis === 0 ? 'N' : size)).join()
  const result = Array.from({ length: rank }, (_, axis) => `R${axis}`).join()
  const operands = isFirst ? 'w, x' : 'x, w'
  return `<ir_version: 8, opset_import: ["" : 17]>
    g (float[${open}] x) => (float[${result}] y) <${floatConstant('w', weight, 1)}>
    { y = Einsum<equation = "${equation}">(${operands}) }`
}

describe('einsum as a product of matrices', () => {
  it.each([...CASES, ...KEPT])('$equation with $weight leaves $left', async (own) => {
    const model = parseModel(textOf(own))
    await simplify(model, runtime)
    const operators = [...model.graph.nodes()].map(({ opType }) => opType)
    expect(operators.toSorted()).toEqual(own.left)
    const feeds = { x: floatTensor(own.x, 9) }
    const expected = await runModel(parseModel(textOf(own)), feeds)
    const actual = await runModel(model, feeds)
    expect(actual['y']?.dims).toEqual(expected['y']?.dims)
    expect(relativeDifference(expected, actual)).toBeLessThan(1e-6)
  })
})
