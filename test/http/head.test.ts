// HEAD answers with the headers of GET.

import { expect, test } from 'vitest'
import { call, startService } from '#test/support/running-service'
import { toyModel } from '#test/support/toy-model'

test('HEAD of a content tells its size', async () => {
  const service = await startService({}, { withWorker: false })
  try {
    const bytes = toyModel()
    const { json } = await call(service.url, 'POST', '/v1/models', bytes)
    const path = `/v1/models/${String(json['id'])}/content`
    const whole = await call(service.url, 'HEAD', path)
    expect([whole.status, whole.text]).toEqual([200, ''])
    expect(whole.headers.get('content-length')).toBe(String(bytes.length))
    expect(whole.headers.get('etag')).toBe(`"${String(json['sha256'])}"`)
    const part = await call(service.url, 'HEAD', path, null, { range: 'bytes=0-9' })
    expect([part.status, part.headers.get('content-length')]).toEqual([206, '10'])
  } finally {
    await service.stop()
  }
})
