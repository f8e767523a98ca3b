// A client of a schedule: asks for a job under a key until it is answered, then may ask again or cancel.

import { newId } from '#src/domain/id'
import type { ModelRecord } from '#src/domain/records'
import type { Route, RouteContext } from '#src/http/route'
import { runKeyed } from '#src/http/plugins/idempotency-key'
import { jobSpec } from '#src/recipes/job-spec'
import { cancelJob } from '#src/services/jobs'
import type { ServiceContext } from '#src/services/service-context'
import { submitJob } from '#src/services/submit-job'
import type { Actor } from './scheduler.ts'
import type { World } from './world.ts'
import { MODEL_BYTES } from './world.ts'

export const TENANT = 'local'
const NO_ANSWER_MS = 3000
const ROUTE = { method: 'POST', path: '/v1/jobs' } as Route

/** Enough of a model for a job that simplifies it. */
export const MODEL = {
  id: newId('model'),
  tenant: TENANT,
  container: 'onnx',
  size_bytes: 100,
  sha256: MODEL_BYTES,
  graph: { macs: 1, outputs: [{ name: 'y' }] },
} as unknown as ModelRecord

const SPEC = jobSpec.parse({
  model: MODEL.id,
  steps: [{ type: 'simplify' }],
  webhook: { url: 'https://example.com/hook' },
})

export interface ApiProcess {
  readonly actor: Actor
  readonly service: ServiceContext
}

/** Asks one of the API processes that live now; it may die before it answers. */
function ask<T>(
  world: World,
  client: Actor,
  apis: () => readonly ApiProcess[],
  work: (service: ServiceContext) => Promise<T>,
): Promise<T> {
  const { scheduler } = world
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), NO_ANSWER_MS)
    const api = scheduler.pick(apis())
    if (api === undefined) return
    const answer = (settle: () => void): void =>
      scheduler.add(client, 'is answered', () => {
        clearTimeout(timer)
        settle()
      })
    scheduler.add(api.actor, 'is asked', () => {
      work(api.service).then(
        (value) => answer(() => resolve(value)),
        (error: unknown) => answer(() => reject(error)),
      )
    })
  })
}

async function create(service: ServiceContext, key: string, seed: number): Promise<string> {
  const call = {
    key,
    tenant: TENANT,
    route: ROUTE,
    url: '/v1/jobs',
    async *source() {
      yield Buffer.from(key)
    },
  }
  const answerOf = (id: string) => ({ status: 201, headers: {}, body: { id } })
  const answer = await runKeyed(
    { service } as RouteContext,
    { ...call, source: call.source() },
    async (stream, keep) => {
      for await (const chunk of stream) void chunk
      const spec = { ...SPEC, seed, metadata: { key } }
      const job = await submitJob(service, TENANT, spec, ({ id }) => keep(answerOf(id)))
      return answerOf(job.id)
    },
  )
  return (answer.body as { readonly id: string }).id
}

export async function runClient(
  world: World,
  client: Actor,
  apis: () => readonly ApiProcess[],
  key: string,
  seed: number,
): Promise<void> {
  const { scheduler, judge } = world
  const again = scheduler.chance(0.2)
  const cancels = scheduler.chance(0.35)
  let job: string | null = null
  while (job === null || again) {
    try {
      const id = await ask(world, client, apis, (service) => create(service, key, seed))
      judge.answered(key, id)
      if (job !== null) break
      job = id
    } catch (error) {
      scheduler.note(`   ${client.name} gets ${String(error)}`)
      await new Promise((resolve) => setTimeout(resolve, 1000 * scheduler.random()))
    }
  }
  if (!cancels) return
  const id = job
  await ask(world, client, apis, (service) => cancelJob(service, TENANT, id)).catch(() => undefined)
}
