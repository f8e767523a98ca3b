// One value out of the Prometheus text format.

import { expect } from 'vitest'

export function sample(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  expect(line, `no ${series} in\n${text}`).toBeDefined()
  return Number(line!.slice(series.length + 1))
}
