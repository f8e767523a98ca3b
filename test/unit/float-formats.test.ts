import { expect, test } from 'vitest'
import {
  decodeFloats,
  encodeBfloat16,
  encodeFloat16,
  encodeSmallFloats,
  float16ToFloat32,
  float32ToFloat16,
} from '#src/onnx/float-formats'

test('every float16 pattern survives the way to float32 and back', () => {
  const patterns = Uint16Array.from({ length: 65536 }, (_, index) => index)
  const values = decodeFloats('float16', patterns)
  const back = encodeFloat16(values)
  const finiteOrInfinite = (index: number) => !Number.isNaN(values[index])
  const wrong = [...patterns].filter((index) => finiteOrInfinite(index) && back[index] !== index)
  expect(wrong).toEqual([])
  expect(Number.isNaN(float16ToFloat32(back[0x7e01] ?? 0))).toBe(true)
})

test.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.996, 0x7bff],
  [65520, 0x7c00],
  [1e6, 0x7c00],
  [-Infinity, 0xfc00],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [2 ** -25 * 1.001, 0x0001],
  [2 ** -14, 0x0400],
  [-0, 0x8000],
  // Halfway between two neighbours: the even one.
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
])('%d as float16 is %d', (value, pattern) => {
  expect(float32ToFloat16(value)).toBe(pattern)
})

test('rounding to float16 is to the nearest value, on random numbers', () => {
  const all = decodeFloats(
    'float16',
    Uint16Array.from({ length: 0x7c00 }, (_, index) => index),
  )
  let seed = 1
  for (let trial = 0; trial < 2000; trial += 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    const value = Math.fround((seed / 2 ** 32) * 2 ** ((seed % 30) - 16))
    const pattern = float32ToFloat16(value)
    const gap = (index: number) => Math.abs((all[index] ?? Infinity) - value)
    expect(gap(pattern)).toBeLessThanOrEqual(Math.min(gap(pattern - 1), gap(pattern + 1)))
  }
})

test('bfloat16 rounds to nearest, ties to even, and keeps NaN', () => {
  const values = Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, Number.NaN)
  expect([...encodeBfloat16(values)].slice(0, 4)).toEqual([0x3f80, 0x3f80, 0x3f82, 0x7f80])
  expect(decodeFloats('bfloat16', encodeBfloat16(values))[4]).toBeNaN()
})

type SmallFloat = Parameters<typeof encodeSmallFloats>[0]

test.each<[SmallFloat, number[], number[]]>([
  ['float8e4m3fn', [0x7e, 0x01, 0x7f, 0x38], [448, 2 ** -9, Number.NaN, 1]],
  ['float8e4m3fnuz', [0x7f, 0x01, 0x80, 0x40], [240, 2 ** -10, Number.NaN, 1]],
  ['float8e5m2', [0x7b, 0x7c, 0x01, 0x3c], [57344, Infinity, 2 ** -16, 1]],
  ['float8e5m2fnuz', [0x7f, 0x01, 0x80, 0x40], [57344, 2 ** -17, Number.NaN, 1]],
  ['float8e8m0', [0x7f, 0x00, 0xff, 0x80], [1, 2 ** -127, Number.NaN, 2]],
  ['float4e2m1', [0x7, 0x1, 0xf, 0x2], [6, 0.5, -6, 1]],
])('%s has the values of its definition', (format, patterns, values) => {
  expect([...decodeFloats(format, Uint8Array.from(patterns))]).toEqual(values)
  expect([...encodeSmallFloats(format, values)]).toEqual(patterns)
})

test('small floats saturate and round to even', () => {
  expect([...encodeSmallFloats('float4e2m1', [100, -100, 2.5, 0.75])]).toEqual([7, 15, 4, 2])
})
