// A service without worker that holds one model and one data set, for tests of what it refuses.

import { call, startService } from '#test/support/running-service'
import { toyDataset, toyModel } from '#test/support/toy-model'

/** `body` is made when the service runs; text is sent as it is. */
export type RefusedJob = readonly [
  name: string,
  body: () => object | string,
  status: number,
  code: string,
  detail: RegExp,
]

export interface RefusingService {
  readonly url: string
  readonly model: string
  readonly dataset: string
  stop(): Promise<void>
  /** A job that would be accepted, but for the change. */
  spec(change?: object): object
}

export async function startRefusingService(): Promise<RefusingService> {
  const service = await startService(
    { TERSOR_MAX_MODEL_BYTES: '4MiB', TERSOR_MAX_BODY_BYTES: '64KiB' },
    { withWorker: false },
  )
  const { url } = service
  const uploads = [
    await call(url, 'POST', '/v1/models', toyModel()),
    await call(url, 'POST', '/v1/datasets?format=npz', toyDataset(8)),
  ]
  const [model = '', dataset = ''] = uploads.map(({ json }) => String(json['id']))
  return {
    url,
    model,
    dataset,
    stop: () => service.stop(),
    spec: (change = {}) => ({
      model,
      steps: [{ type: 'quantize', method: 'static' }],
      datasets: { calibration: dataset },
      ...change,
    }),
  }
}
