// What a worker tells of itself, over its own port.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { NO_NEEDS } from '#src/domain/worker'
import type { Claim } from '#src/ports/job-queue'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'
import type { MetricsServer } from '#workers/metrics/serve-metrics'
import { serveMetrics } from '#workers/metrics/serve-metrics'
import type { WorkerMetrics } from '#workers/metrics/worker-metrics'
import { openWorkerMetrics } from '#workers/metrics/worker-metrics'
import { sample } from '#test/support/metric-sample'

let container: TestContainer
let metrics: WorkerMetrics
let server: MetricsServer

beforeEach(async () => {
  container = await openTestContainer()
  metrics = openWorkerMetrics(container.context)
  server = await serveMetrics(metrics, '127.0.0.1', 0)
})
afterEach(async () => {
  await server.close()
  await container.remove()
})

async function claim(id: string, leaseMs: number): Promise<Claim> {
  const { queue } = metrics.service
  await queue.enqueue({
    kind: 'compress',
    id,
    group: 'one',
    needs: NO_NEEDS,
    priority: 0,
    notBefore: 0,
  })
  const worker = { accelerators: ['cpu'], memory_bytes: 1, revision: 1 } as const
  return (await queue.claim('compress', worker, leaseMs, AbortSignal.timeout(5000)))!
}

test('tasks are counted as they are claimed, completed, released and lost', async () => {
  const { queue } = metrics.service
  const [one, two] = [await claim('job_1', 60_000), await claim('job_2', 60_000)]
  const running = 'tersor_worker_tasks_running{kind="compress"}'
  expect(sample(await metrics.text(), running)).toBe(2)
  await queue.complete(one)
  await queue.release(two, 0)
  await claim('job_2', 1)
  await claim('job_2', 60_000)
  const lost = await claim('job_3', 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  await claim('job_3', 60_000)
  expect(await queue.renew(lost, 60_000)).toBe(false)
  expect(await queue.complete(lost)).toBe(false)
  const text = await metrics.text()
  const count = (outcome: string): number =>
    sample(text, `tersor_worker_task_seconds_count{kind="compress",outcome="${outcome}"}`)
  expect([count('completed'), count('released'), count('lost')]).toEqual([1, 1, 1])
})

test('the port answers what probes and Prometheus ask for, and nothing else', async () => {
  const get = (path: string, method = 'GET') => fetch(server.url + path, { method })
  const health = await get('/healthz')
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }])
  const scraped = await get('/metrics?x=1')
  expect(scraped.headers.get('content-type')).toContain('text/plain')
  expect(sample(await scraped.text(), 'tersor_process_resident_memory_bytes')).toBeGreaterThan(1e6)
  expect((await get('/v1/jobs')).status).toBe(404)
  const posted = await get('/metrics', 'POST')
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})
