// A process that is asked to end answers those who wait for news and leaves nobody hanging.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEFAULT_TENANT } from '#src/services/api-keys'
import { startApi } from '#src/start-api'
import type { RunningApi } from '#src/start-api'
import { openTestContainer } from '#test/support/test-container'
import type { TestContainer } from '#test/support/test-container'
import { agedJob } from '#test/support/aged-records'

let container: TestContainer
let api: RunningApi
const job = agedJob(Date.now(), 'queued', { tenant: DEFAULT_TENANT, started_at: null })

/** Long, for what must not be waited for; short, for what is cut off. */
const GRACE = { long: 30, short: 2 }
/** Nothing takes so long that is not waiting, however loaded the machine. */
const AT_ONCE = 15

beforeEach(() => start(GRACE.long))
afterEach(() => container.remove())

async function start(graceSeconds: number): Promise<void> {
  container = await openTestContainer({ TERSOR_SHUTDOWN_SECONDS: String(graceSeconds) })
  await container.context.records.commit([{ op: 'insert', collection: 'job', record: job }])
  api = await startApi(container)
}

async function secondsToClose(): Promise<number> {
  const began = performance.now()
  await api.close()
  return (performance.now() - began) / 1000
}

const url = (path: string): string => `${api.address}${path}`

test('streams end and waiting requests are answered at once', async () => {
  const stream = await fetch(url(`/v1/jobs/${job.id}/stream`))
  const waiting = fetch(url(`/v1/jobs/${job.id}`), { headers: { prefer: 'wait=60' } })
  await new Promise((resolve) => setTimeout(resolve, 200))
  const closed = secondsToClose()
  const answer = await waiting
  expect([answer.status, await answer.json()]).toMatchObject([200, { status: 'queued' }])
  expect(await stream.text()).toContain('retry: 3000')
  expect(await closed).toBeLessThan(AT_ONCE)
})

test('an upload that does not end is cut off after TERSOR_SHUTDOWN_SECONDS', async () => {
  await api.close()
  await container.remove()
  await start(GRACE.short)
  const endless = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      controller.enqueue(new Uint8Array(10))
    },
  })
  const upload = fetch(url('/v1/models'), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: endless,
    duplex: 'half',
  }).then(
    () => 'answered',
    () => 'cut off',
  )
  await new Promise((resolve) => setTimeout(resolve, 200))
  const seconds = await secondsToClose()
  expect(seconds).toBeGreaterThan(GRACE.short - 0.5)
  expect(seconds).toBeLessThan(AT_ONCE)
  expect(await upload).toBe('cut off')
})

test('connections that just fell idle are not waited for', async () => {
  for (let round = 0; round < 5; round += 1) {
    await (await fetch(url('/healthz'))).text()
  }
  expect(await secondsToClose()).toBeLessThan(AT_ONCE)
})
