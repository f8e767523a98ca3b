// Canonical forms of symbolic sizes, and their arithmetic against plain numbers.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Size } from '#src/onnx/shapes/expression'
import { freshSymbol, keyOf, symbol } from '#src/onnx/shapes/expression'
import { substitute } from '#src/onnx/shapes/substitute'
import type { MaybeSize } from '#src/onnx/shapes/symbols'
import {
  add,
  ceilDivide,
  exactDivide,
  floorDivide,
  lessThan,
  maximum,
  minimum,
  multiply,
  sameSize,
  subtract,
} from '#src/onnx/shapes/symbols'

const batch = symbol('batch')
const h = symbol('h')
const w = symbol('w')

function text(size: MaybeSize): string {
  return size === null ? 'unknown' : keyOf(size)
}

describe('canonical text', () => {
  test.each([
    ['2*batch', multiply(batch, 2)],
    ['2*batch', add(batch, batch)],
    ['batch*h+batch', multiply(add(h, 1), batch)],
    ['0', subtract(multiply(h, w), multiply(w, h))],
    // A convolution with kernel 3, stride 2, padding 1.
    ['floor((h+1)/2)', add(floorDivide(subtract(add(h, 2), 3), 2), 1)],
    ['floor((h+3)/4)', floorDivide(add(floorDivide(add(h, 1), 2), 1), 2)],
    ['floor(h/2)+h+1', floorDivide(add(multiply(h, 3), 2), 2)],
    ['floor((h+1)/2)', floorDivide(add(multiply(h, 2), 3), 4)],
    ['h', floorDivide(multiply(h, 32), 32)],
    ['batch', exactDivide(multiply(multiply(batch, h), 6), multiply(h, 6))],
    ['h+1', exactDivide(multiply(add(h, 1), add(w, 2)), add(w, 2))],
    ['unknown', exactDivide(add(h, 1), 2)],
    ['max(h-1,0)', maximum(0, subtract(h, 1))],
    ['h', maximum(h, 0)],
    ['min(h,5)', minimum(5, h)],
    ['floor(h*w/batch)', floorDivide(multiply(h, w), batch)],
    ['`2*h`', symbol('2*h')],
  ])('%s', (expected, size) => {
    expect(text(size)).toBe(expected)
  })

  test('equal expressions have equal keys, unnamed symbols never', () => {
    expect(text(multiply(add(h, 1), add(h, -1)))).toBe(text(subtract(multiply(h, h), 1)))
    expect(keyOf(freshSymbol())).not.toBe(keyOf(freshSymbol()))
  })
})

describe('what is decided for all sizes', () => {
  test.each([
    [true, sameSize(add(h, h), multiply(h, 2))],
    [false, sameSize(h, add(h, 1))],
    [false, sameSize(multiply(h, 2), 1)],
    [null, sameSize(h, 1)],
    [null, sameSize(h, w)],
    [true, lessThan(h, add(h, 1))],
    [false, lessThan(h, 0)],
    [null, lessThan(h, 5)],
    [true, lessThan(-1, h)],
  ])('%s', (expected, actual) => {
    expect(actual).toBe(expected)
  })
})

/** An expression, and the same computed on numbers. */
interface Tree {
  readonly size: (leaves: readonly Size[]) => MaybeSize
  readonly number: (leaves: readonly number[]) => number
}

const leaf = fc.oneof(
  fc.nat(2).map((index): Tree => ({
    size: (leaves) => leaves[index] ?? null,
    number: (leaves) => leaves[index] ?? NaN,
  })),
  fc
    .integer({ min: -4, max: 9 })
    .map((value): Tree => ({ size: () => value, number: () => value })),
)

type Operation = readonly [
  (a: MaybeSize, b: MaybeSize) => MaybeSize,
  (a: number, b: number) => number,
]

const operations: readonly Operation[] = [
  [add, (a, b) => a + b],
  [subtract, (a, b) => a - b],
  [multiply, (a, b) => a * b],
  [maximum, Math.max],
  [minimum, Math.min],
]

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .tuple(fc.constantFrom(...operations), tie('tree'), tie('tree'))
      .map(([[sizes, numbers], a, b]): Tree => ({
        size: (leaves) => sizes(a.size(leaves), b.size(leaves)),
        number: (leaves) => numbers(a.number(leaves), b.number(leaves)),
      })),
    fc
      .tuple(fc.constantFrom(2, 3, 4, 6, 32), fc.boolean(), tie('tree'))
      .map(([n, up, a]): Tree => ({
        size: (leaves) => (up ? ceilDivide(a.size(leaves), n) : floorDivide(a.size(leaves), n)),
        number: (leaves) => (up ? Math.ceil : Math.floor)(a.number(leaves) / n),
      })),
  ),
}))

const sizes = fc.array(fc.nat(40), { minLength: 3, maxLength: 3 })
const leaves = [batch, h, w]

function at(size: MaybeSize, values: readonly number[]): MaybeSize {
  if (size === null) return null
  return substitute(size, (key) => values[leaves.findIndex((each) => each.key === key)])
}

test('expressions evaluate to what the numbers give', () => {
  fc.assert(
    fc.property(tree, sizes, (expression, values) => {
      const symbolic = expression.size(leaves)
      fc.pre(symbolic !== null)
      expect(at(symbolic, values)).toBe(expression.number(values) + 0)
    }),
    { seed: 7, numRuns: 3000 },
  )
})

test('decisions hold for the numbers', () => {
  fc.assert(
    fc.property(tree, tree, sizes, (a, b, values) => {
      const [x, y] = [a.size(leaves), b.size(leaves)]
      const [left, right] = [a.number(values), b.number(values)]
      const same = sameSize(x, y)
      const less = lessThan(x, y)
      if (same !== null) expect(left === right).toBe(same)
      if (less !== null) expect(left < right).toBe(less)
      const quotient = exactDivide(x, y)
      if (quotient !== null && right !== 0) expect(at(quotient, values)).toBe(left / right + 0)
    }),
    { seed: 11, numRuns: 3000 },
  )
})
