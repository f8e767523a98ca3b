import { assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import {
  numbersInWords,
  partBytes,
  partCount,
  partSizeFor,
} from '#src/services/uploads/part-layout'

const MIB = 2 ** 20

test.each([
  [1, 8 * MIB, 1],
  [8 * MIB, 8 * MIB, 1],
  [8 * MIB + 1, 8 * MIB, 2],
  [8 * 1024 * MIB, 8 * MIB, 1024],
  [2 ** 40, 105 * MIB, 9987],
])('%i bytes are cut into parts of %i, %i of them', (size, part, count) => {
  expect(partSizeFor(size)).toBe(part)
  expect(partCount({ size_bytes: size, part_size_bytes: part })).toBe(count)
})

test('the parts of any size make up the whole, and are no more than 10 000', () => {
  assert(
    property(integer({ min: 1, max: 2 ** 42 }), (size) => {
      const cut = { size_bytes: size, part_size_bytes: partSizeFor(size) }
      const count = partCount(cut)
      const last = partBytes(cut, count)
      expect(count).toBeLessThanOrEqual(10_000)
      expect((count - 1) * cut.part_size_bytes + last).toBe(size)
      expect(last).toBeGreaterThan(0)
      if (count > 1) expect(partBytes(cut, 1)).toBe(cut.part_size_bytes)
    }),
  )
})

test('numbers are told in runs', () => {
  expect(numbersInWords([1])).toBe('1')
  expect(numbersInWords([1, 3, 4, 5, 9, 10])).toBe('1, 3 to 5, 9 to 10')
  const every2 = Array.from({ length: 5000 }, (_, index) => index * 2 + 1)
  expect(numbersInWords(every2)).toMatch(/^1, 3, .*, 39 and more$/)
})
