import { describe, expect, it } from 'vitest'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { Augmentation } from '#engine/train/augment'
import { augment } from '#engine/train/augment'

const SIDE = 8

/** Every element is its own number. */
function pictures(dims: readonly number[]): RuntimeTensor {
  const count = dims.reduce((product, dim) => product * dim, 1)
  return { dtype: 'float32', dims, data: Float32Array.from({ length: count }, (_, index) => index) }
}

function change(tensor: RuntimeTensor, wanted: readonly Augmentation[], step = 0): Float32Array {
  const fields = { x: tensor, labels: pictures([tensor.dims[0] ?? 1]) }
  const changed = augment(fields, wanted, 3, step)
  expect(changed['labels']).toBe(fields.labels)
  return changed['x']!.data as Float32Array
}

describe.each([
  [
    'channels first',
    [16, 3, SIDE, SIDE],
    (c: number, row: number, column: number) => (c * SIDE + row) * SIDE + column,
  ],
  [
    'channels last',
    [16, SIDE, SIDE, 3],
    (c: number, row: number, column: number) => (row * SIDE + column) * 3 + c,
  ],
] as const)('pictures with %s', (_, dims, at) => {
  const tensor = pictures(dims)
  const size = 3 * SIDE * SIDE
  const rowsOf = (data: Float32Array, picture: number, channel: number) =>
    Array.from({ length: SIDE }, (__, row) =>
      Array.from(
        { length: SIDE },
        (___, column) => data[picture * size + at(channel, row, column)]!,
      ),
    )

  it('are flipped or not, whole', () => {
    const data = change(tensor, ['flip'])
    const flips = Array.from({ length: 16 }, (__, picture) => {
      const isFlipped = data[picture * size + at(0, 0, 0)] !== picture * size + at(0, 0, 0)
      for (const channel of [0, 1, 2]) {
        const before = rowsOf(tensor.data as Float32Array, picture, channel)
        const wanted = isFlipped ? before.map((row) => row.toReversed()) : before
        expect(rowsOf(data, picture, channel)).toEqual(wanted)
      }
      return isFlipped
    })
    expect(new Set(flips).size).toBe(2)
  })

  it('are moved by at most an eighth, the edge repeated', () => {
    const data = change(tensor, ['shift'])
    const moves = Array.from({ length: 16 }, (__, picture) => {
      const before = rowsOf(tensor.data as Float32Array, picture, 1)
      const after = rowsOf(data, picture, 1)
      const found = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const))
      const clamp = (index: number) => Math.min(Math.max(index, 0), SIDE - 1)
      return found.findIndex(([down, right]) =>
        after.every((row, r) =>
          row.every((value, c) => value === before[clamp(r - down)]![clamp(c - right)]),
        ),
      )
    })
    expect(moves).not.toContain(-1)
    expect(new Set(moves).size).toBeGreaterThan(3)
  })

  it('lose a square to their mean', () => {
    const data = change(tensor, ['cutout'])
    for (const picture of [0, 7]) {
      const mean = (2 * picture * size + size - 1) / 2
      const hidden = rowsOf(data, picture, 2)
        .flat()
        .filter((value) => value === Math.fround(mean))
      expect(hidden.length).toBe(4)
    }
  })
})

describe('changes', () => {
  const tensor = pictures([4, 1, SIDE, SIDE])
  const all: readonly Augmentation[] = ['flip', 'shift', 'cutout']

  it('repeat with the step, and differ from step to step', () => {
    expect(change(tensor, all, 5)).toEqual(change(tensor, all, 5))
    expect(change(tensor, all, 5)).not.toEqual(change(tensor, all, 6))
  })

  it('leave alone what is no picture, and everything where none is wanted', () => {
    const rows = pictures([4, 10])
    expect(change(rows, all)).toBe(rows.data)
    expect(change(tensor, [])).toBe(tensor.data)
  })
})
