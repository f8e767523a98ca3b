// The operator's guide names the metrics that exist, all of ours among them; its links lead somewhere.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONFIG_VARIABLES } from '#src/config'
import { openMetrics } from '#src/http/metrics/open-metrics'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'
import { openWorkerMetrics } from '#workers/metrics/worker-metrics'

const folder = join(import.meta.dirname, '../../../docs/operations')
const guide = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const),
)
const everything = [...guide.values()].join('\n')

let container: TestContainer
let exported: readonly string[] = []

beforeAll(async () => {
  container = await openTestContainer()
  const { context } = container
  const all = [...openMetrics(context).names(), ...openWorkerMetrics(context).names()]
  exported = all.map(({ name }) => name)
})
afterAll(() => container.remove())

test('every metric that is named is exported', () => {
  const named = [...everything.matchAll(/\btersor_[a-z0-9_]+/g)].map(([name]) => name)
  expect(new Set(named).size).toBeGreaterThan(15)
  expect([...new Set(named)].filter((name) => !exported.includes(name))).toEqual([])
})

test('every metric of ours is explained', () => {
  const ours = exported.filter((name) => !/^tersor_(process_|nodejs_)/.test(name))
  const monitoring = guide.get('monitoring.md')!
  expect(ours.filter((name) => !monitoring.includes(`\`${name}\``))).toEqual([])
})

test('every setting that is named is known', () => {
  const known = Object.values(CONFIG_VARIABLES).map(({ variable }) => variable)
  const named = new Set([...everything.matchAll(/\bTERSOR_[A-Z0-9_]+/g)].map(([name]) => name))
  const tests = [...named].filter((name) => !name.startsWith('TERSOR_TEST_'))
  expect(tests.filter((name) => !known.includes(name))).toEqual([])
})

test('links lead to files', () => {
  const broken = [...guide].flatMap(([name, text]) =>
    [...text.matchAll(/\]\(([^)#]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !target.includes('://') && !existsSync(join(folder, target)))
      .map((target) => `${name}: ${target}`),
  )
  expect(broken).toEqual([])
})
