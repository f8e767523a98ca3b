// Webhooks of processes that are killed: what was not delivered is, after the next start. Driven through the generated SDK.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tersor } from '@tersor/sdk'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServiceProcesses } from '#test/support/service-processes'
import { startProcesses } from '#test/support/service-processes'
import { toyDataset, toyModel } from '#test/support/toy-model'
import type { WebhookReceiver } from '#test/support/webhook-receiver'
import { hang, startReceiver } from '#test/support/webhook-receiver'

const SOON = { timeout: 60_000, interval: 50 }
const KILLS = 6
const LATEST_KILL_MS = 1500

let folder: string
let program: ServiceProcesses
let tersor: Tersor
let receiver: WebhookReceiver
let model = ''
let dataset = ''

const start = async (): Promise<void> => {
  program = await startProcesses(join(folder, 'data'), { TERSOR_WEBHOOK_ALLOW: '127.0.0.1/32' })
  tersor = new Tersor({ baseUrl: program.url })
}

const restart = async (): Promise<void> => {
  await program.kill('SIGKILL')
  await start()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acceptance-'))
  receiver = await startReceiver()
  await start()
  model = (await tersor.uploadModel(toyModel(), 'toy')).id
  dataset = (await tersor.uploadDataset(toyDataset(16), 'toy', 'npz')).id
})

afterAll(async () => {
  await program.kill('SIGTERM')
  await receiver.close()
  // What was killed may still write for a moment.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

async function register(path: string): Promise<{ id: string; secret: string }> {
  const { data } = await tersor.client.POST('/v1/webhooks', {
    body: { url: receiver.url + path },
  })
  return data!
}

const submit = async (seed: number): Promise<string> => {
  const steps = [{ type: 'quantize' as const, method: 'static' as const }]
  const job = { model, steps, datasets: { calibration: dataset }, seed }
  return (await tersor.createJob(job, `seed-${seed}`)).id
}

const deliveriesOf = async (id: string) => {
  const { data } = await tersor.client.GET('/v1/webhooks/{id}/deliveries', {
    params: { path: { id } },
  })
  return data!.data
}

/** Every request to a path tells of the same event, with a signature that holds. */
function expectOneEvent(path: string, secret: string): void {
  const received = receiver.received(path)
  for (const { body, headers } of received)
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'job.succeeded',
    })
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
}

test('killed between two tries, it goes on trying', { timeout: 120_000 }, async () => {
  receiver.answer('/between', (response, count) =>
    response.writeHead(count === 1 ? 500 : 204).end(),
  )
  const { id, secret } = await register('/between')
  await submit(1)
  const tries = async () => (await deliveriesOf(id)).map(({ attempts }) => attempts.length)
  await expect.poll(tries, SOON).toEqual([1])
  await restart()
  await expect.poll(async () => (await deliveriesOf(id))[0]!.status, SOON).toBe('delivered')
  expect(receiver.received('/between')).toHaveLength(2)
  expectOneEvent('/between', secret)
  expect((await deliveriesOf(id))[0]!.attempts.map(({ outcome }) => outcome)).toEqual([
    'HTTP 500',
    'HTTP 204',
  ])
})

test('killed during a try, it tries again', { timeout: 120_000 }, async () => {
  receiver.answer('/during', (response, count) =>
    count === 1 ? hang(response, count) : response.writeHead(204).end(),
  )
  const { id, secret } = await register('/during')
  await submit(2)
  await expect.poll(() => receiver.received('/during').length, SOON).toBe(1)
  await restart()
  await expect.poll(async () => (await deliveriesOf(id))[0]!.status, SOON).toBe('delivered')
  expectOneEvent('/during', secret)
})

test(
  'killed at any moment, it tells of the end of every job it accepted',
  { timeout: 240_000 },
  async () => {
    const { secret } = await register('/any')
    const jobs = new Set<string>()
    for (let round = 0; round < KILLS; round += 1) {
      jobs.add(await submit(10 + round))
      // Spread evenly over the life of a job, so that kills fall before, into and after its end.
      await new Promise((resolve) => setTimeout(resolve, (round * LATEST_KILL_MS) / KILLS))
      await restart()
    }
    const told = (): Set<string> =>
      new Set(
        receiver.received('/any').map(({ body, headers }) => {
          const event = new Webhook(secret).verify(body, headers as Record<string, string>)
          return (event as { data: { id: string } }).data.id
        }),
      )
    await expect.poll(told, { ...SOON, timeout: 120_000 }).toEqual(jobs)
    const ids = receiver.received('/any').map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(jobs.size)
  },
)
