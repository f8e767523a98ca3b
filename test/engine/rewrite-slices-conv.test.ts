// Slices stacked in front of a convolution become a convolution of larger steps: the same numbers on random input.

import { expect, test } from 'vitest'
import { mergeSlicesConv } from '#engine/rewrite/merge-slices-conv'
import { nodeRulePass } from '#engine/rewrite/pass'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatConstant, floatTensor, relativeDifference, runModel, runtime } from './model-runs.ts'

interface Focus {
  readonly rows: number
  readonly columns: number
  readonly attributes: string
  /** The sides, as the model has them. */
  readonly sides: string
  /** Where slices end. */
  readonly end: string
  /** Rows and columns in one Slice. */
  readonly isOne: boolean
}

const BASE: Focus = {
  rows: 2,
  columns: 2,
  attributes: 'pads = [1, 1, 1, 1]',
  sides: 'H, W',
  end: '9223372036854775807',
  isOne: false,
}

const MERGED: readonly Partial<Focus>[] = [
  {},
  { isOne: true },
  { rows: 2, columns: 1 },
  { rows: 1, columns: 3 },
  { rows: 4, columns: 2, attributes: 'pads = [0, 2, 1, 0], strides = [1, 2]' },
  { attributes: 'strides = [2, 1], kernel_shape = [3, 3]' },
  { sides: '8, 12', end: '12' },
]

/** In an order other than that of the picture. */
function offsetsOf({ rows, columns }: Focus): [number, number][] {
  const all = Array.from({ length: rows * columns }, (_, at) => [at % rows, Math.floor(at / rows)])
  return [...all.slice(1), ...all.slice(0, 1)] as [number, number][]
}

function textOf(focus: Focus, offsets: readonly (readonly [number, number])[]): string {
  const { rows, columns, attributes, sides, end, isOne } = focus
  const parts = offsets.map(([row, column], at) => {
    if (isOne) {
      return `int64[2] s${at} = {${row}, ${column}}`
    }
    return `int64[1] r${at} = {${row}}, int64[1] c${at} = {${column}}`
  })
  const slices = offsets.map((_, at) => {
    if (isOne) return `p${at} = Slice(x, s${at}, ends, axes, steps)`
    return `a${at} = Slice(x, r${at}, end, two, by_rows)  p${at} = Slice(a${at}, c${at}, end, last, by_columns)`
  })
  return `<ir_version: 8, opset_import: ["" : 17]>
    g (float[N, 3, ${sides}] x) => (float[N, 6, h, w] y)
    <${floatConstant('k', [6, 3 * offsets.length, 3, 3], 7)}, ${floatConstant('b', [6], 8)}, ${parts.join()},
     int64[2] ends = {${end}, ${end}}, int64[2] axes = {2, 3}, int64[2] steps = {${rows}, ${columns}},
     int64[1] end = {${end}}, int64[1] two = {2}, int64[1] last = {-1},
     int64[1] by_rows = {${rows}}, int64[1] by_columns = {${columns}}>
    { ${slices.join('  ')}
      j = Concat<axis = 1>(${offsets.map((_, at) => `p${at}`).join()})
      y = Conv<${attributes}>(j, k, b) }`
}

async function appliedTo(text: string): Promise<number> {
  const model = parseModel(text)
  const { applied } = await nodeRulePass(mergeSlicesConv).run(model, runtime)
  const feeds = { x: floatTensor([2, 3, 8, 12], 99) }
  const wanted = await runModel(parseModel(text), feeds)
  expect(relativeDifference(wanted, await runModel(model, feeds))).toBeLessThan(1e-5)
  return applied
}

test.each(MERGED)('%j', async (changed) => {
  const focus = { ...BASE, ...changed }
  expect(await appliedTo(textOf(focus, offsetsOf(focus)))).toBe(1)
})

test('of parts that are missing, or twice there, or end early, it stays', async () => {
  const all = offsetsOf(BASE)
  expect(await appliedTo(textOf(BASE, all.slice(1)))).toBe(0)
  expect(await appliedTo(textOf(BASE, [...all.slice(1), [1, 1]]))).toBe(0)
  expect(await appliedTo(textOf({ ...BASE, end: '8' }, all))).toBe(0)
  expect(
    await appliedTo(
      textOf({ ...BASE, attributes: 'pads = [2, 1, 2, 1], dilations = [2, 1]' }, all),
    ),
  ).toBe(0)
})
