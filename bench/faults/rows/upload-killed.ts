// Row 7: the API dies while a model is uploaded by parts, or while the parts are put together.

import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { matMulModel } from '../../service/generated-models.ts'
import { startCluster } from '../cluster.ts'
import type { Fault } from '../fault.ts'

interface UploadView {
  readonly id: string
  readonly status: string
  readonly part_size_bytes: number
  readonly parts: readonly { readonly part_number: number; readonly received: unknown }[]
}

export const uploadKilled: Fault = {
  row: 7,
  name: 'API killed during an upload by parts and its completion',
  times: 8,
  run: async (context) => {
    const { random } = context
    const cluster = await startCluster({ s3: context.s3, apis: 1, workers: 1 })
    const [api] = cluster.apis
    const client = cluster.clients.one
    const violations: string[] = []
    let sentAgain = 0
    let struck = 0
    try {
      for (let round = 0; round < context.times; round += 1) {
        const bytes = Buffer.concat([...matMulModel(2048, 2560, round + 1)])
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        const body = { filename: 'm.onnx', size_bytes: bytes.length, sha256, purpose: 'model' }
        const made = await client.persist(60_000, 'POST', '/v1/uploads', body)
        const upload = JSON.parse(made.text) as UploadView
        const during = round % 2 === 0 ? 'parts' : 'completion'
        const killer = async (): Promise<void> => {
          await sleep(random.integer(0, during === 'parts' ? 300 : 400))
          await api!.kill('SIGKILL')
          struck += 1
          await api!.start()
        }
        if (during === 'parts') {
          await Promise.all([killer(), sendParts(upload, bytes)])
        } else {
          await sendParts(upload, bytes)
          await Promise.all([killer(), complete(upload)])
        }
        const before = await view(upload.id)
        const missing = before.parts.filter(({ received }) => received === null)
        if (during === 'completion' && missing.length > 0 && before.status === 'pending') {
          violations.push(`${upload.id} lost ${missing.length} parts`)
        }
        sentAgain += missing.length
        await sendParts(before, bytes)
        await complete(upload)
        const model = await client.persist(60_000, 'POST', '/v1/models', {
          upload: upload.id,
          name: 'by parts',
        })
        const stored = JSON.parse(model.text) as { readonly sha256?: string }
        if (stored.sha256 !== sha256) violations.push(`${upload.id}: ${model.status} ${model.text}`)
      }
      const measured = `${sentAgain} parts were sent again`
      return { struck, atStake: context.times, violations, measured }
    } finally {
      await cluster.close()
    }

    async function view(id: string): Promise<UploadView> {
      const reply = await client.persist(60_000, 'GET', `/v1/uploads/${id}`)
      return JSON.parse(reply.text) as UploadView
    }

    async function sendParts(upload: UploadView, bytes: Buffer): Promise<void> {
      const size = upload.part_size_bytes
      for (const { part_number: number, received } of upload.parts) {
        if (received !== null && received !== undefined) continue
        const part = bytes.subarray((number - 1) * size, number * size)
        const path = `/v1/uploads/${upload.id}/parts/${number}`
        await client.once('PUT', path, part).catch(() => null)
      }
    }

    async function complete({ id }: UploadView): Promise<void> {
      await client.persist(60_000, 'POST', `/v1/uploads/${id}/complete`).catch(() => null)
    }
  },
}
