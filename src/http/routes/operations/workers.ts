import { z } from 'zod'
import { ACCELERATORS } from '#src/recipes/accelerator'
import { worker, workerBody } from '../../representations/worker.ts'
import { listBody, listOf } from '../../representations/list.ts'
import { route } from '../../route.ts'

export const workersRoute = route({
  method: 'GET',
  path: '/v1/workers',
  operationId: 'workers_list',
  tag: 'operations',
  summary: 'The processes that run jobs, and what each offers',
  access: 'read',
  params: z.object({}),
  query: z.strictObject({
    accelerator: z.enum(ACCELERATORS).optional().describe('Only workers that offer this.'),
  }),
  body: { kind: 'none' },
  idempotent: false,
  responses: { 200: { description: 'The workers', content: listOf(worker, 'WorkerList') } },
  errors: [],
  handle: async ({ query, context }) => {
    const { accelerator } = query
    const { peers } = context.service
    await peers.look()
    const workers = peers
      .all()
      .flatMap(workerBody)
      .filter(({ accelerators }) => accelerator === undefined || accelerators.includes(accelerator))
    return { status: 200, body: listBody(workers, false) }
  },
})
