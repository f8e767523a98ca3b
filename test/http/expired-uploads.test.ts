// An upload whose time is over answers 410 to everything that would use it.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { call, startService } from '#test/support/running-service'
import { toyModel } from '#test/support/toy-model'
import { sha256 } from '#test/support/upload-parts'

test('after its time an upload is gone, and says so', async () => {
  const service = await startService(
    { TERSOR_UPLOAD_SECONDS: '1', TERSOR_MAX_PENDING_UPLOADS: '1' },
    { withWorker: false },
  )
  try {
    const bytes = toyModel()
    const newUpload = {
      filename: 'toy.onnx',
      size_bytes: bytes.length,
      sha256: sha256(bytes),
      purpose: 'model',
    }
    const begun = await call(service.url, 'POST', '/v1/uploads', newUpload)
    const id = String(begun.json['id'])
    const more = await call(service.url, 'POST', '/v1/uploads', newUpload)
    expect([more.status, more.json['code'], more.json['retryable']]).toEqual([
      429,
      'too_many_uploads',
      true,
    ])
    expect(Number(more.headers.get('retry-after'))).toBeGreaterThan(0)
    await sleep(1100)
    const path = `/v1/uploads/${id}`
    const attempts = [
      call(service.url, 'PUT', `${path}/parts/1`, bytes),
      call(service.url, 'POST', `${path}/complete`),
      call(service.url, 'POST', `${path}/cancel`),
      call(service.url, 'POST', '/v1/models', { upload: id }),
    ]
    for (const { status, json } of await Promise.all(attempts)) {
      expect([status, json['code']]).toEqual([410, 'upload_expired'])
    }
    const { status, json } = await call(service.url, 'GET', path)
    expect([status, json['status'], json['parts']]).toEqual([200, 'expired', []])
  } finally {
    await service.stop()
  }
})
