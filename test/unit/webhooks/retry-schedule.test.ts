import { expect, test } from 'vitest'
import { nextWait, RETRY_WAITS_MS, retryAfterMs } from '#workers/tasks/retry-schedule'

const NOW = Date.parse('2026-01-01T00:00:00Z')

test('each wait is that of the schedule, up to a tenth longer', () => {
  for (const [index, wait] of RETRY_WAITS_MS.entries()) {
    expect(nextWait(index + 1, 0, 0)).toBe(wait)
    expect(nextWait(index + 1, 0, 1)).toBe(Math.round(wait * 1.1))
  }
  expect(nextWait(RETRY_WAITS_MS.length + 1, 0, 0)).toBeNull()
  expect(nextWait(RETRY_WAITS_MS.length + 1, 60_000, 0)).toBeNull()
})

test('a receiver can ask for longer waits, not for shorter ones', () => {
  expect(nextWait(1, 60_000, 0)).toBe(60_000)
  expect(nextWait(4, 60_000, 0)).toBe(RETRY_WAITS_MS[3])
  expect(nextWait(1, 365 * 24 * 3600 * 1000, 0)).toBe(24 * 3600 * 1000)
})

test.each([
  ['30', 30_000],
  [' 30 ', 30_000],
  ['0', 0],
  ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ['-5', 0],
  ['soon', 0],
  ['', 0],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected)
})

test('no header, or several, ask for nothing', () => {
  expect(retryAfterMs(undefined, NOW)).toBe(0)
  expect(retryAfterMs(['1', '2'], NOW)).toBe(0)
})
