// The Grafana dashboard asks for what the service exports: names of metrics, names of labels and their values.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMetrics } from '#src/http/metrics/open-metrics'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'
import { openWorkerMetrics } from '#workers/metrics/worker-metrics'

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const path = join(import.meta.dirname, '../../../docs/operations/grafana-dashboard.json')
const { panels, templating } = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly panels: readonly Panel[]
  readonly templating: unknown
}
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)
/** Given by Prometheus, or by histograms. */
const ALWAYS = ['instance', 'job', 'le']

let container: TestContainer
/** Metric → its labels. */
const exported = new Map<string, readonly string[]>()
let text = ''

beforeAll(async () => {
  container = await openTestContainer()
  const api = openMetrics(container.context)
  const worker = openWorkerMetrics(container.context)
  text = `${await api.text()}\n${await worker.text()}`
  for (const { name, labels } of [...api.names(), ...worker.names()]) exported.set(name, labels)
})
afterAll(() => container.remove())

function metricsIn(expr: string): readonly string[] {
  return [...expr.matchAll(/\btersor_\w+/g)].map(([name]) =>
    name.replace(/_(bucket|count|sum)$/, ''),
  )
}

test('there is something to look at, and no panel lies on another', () => {
  expect(queries.length).toBeGreaterThan(20)
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
})

test.each(queries)('$title: $expr', ({ expr, legendFormat }) => {
  const names = metricsIn(expr)
  expect(names.length).toBeGreaterThan(0)
  const labels = names.flatMap((name) => {
    expect([...exported.keys()], name).toContain(name)
    return exported.get(name)!
  })
  const known = [...labels, ...ALWAYS]
  const selected = [...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label]) => label!)
  const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(', '))
  const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!)
  for (const label of [...selected, ...grouped, ...shown]) expect(known, label).toContain(label)
})

test('values of labels that are asked for exactly are values that occur', () => {
  const asked = queries.flatMap(({ expr }) =>
    [...expr.matchAll(/(\w+="[^"]+")/g)].map(([all]) => all),
  )
  // Failures occur only once something has failed.
  for (const pair of new Set(asked)) if (pair !== 'status="failed"') expect(text).toContain(pair)
  expect(text).toContain('tersor_jobs{status="failed"} 0')
})

test('the variables ask for a metric that every process has', () => {
  const names = metricsIn(JSON.stringify(templating))
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) expect([...exported.keys()]).toContain(name)
})
