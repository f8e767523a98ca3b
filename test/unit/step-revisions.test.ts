import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WorkerCapabilities } from '#src/domain/worker'
import type { JobRecord } from '#src/domain/job'
import { jobSpec } from '#src/recipes/job-spec'
import { RECIPE_REVISION, leastRevision } from '#src/recipes/step-revisions'
import { asItWaits } from '#src/services/absent-worker'
import { createDataset } from '#src/services/datasets'
import { createModel } from '#src/services/models'
import type { BytesSource } from '#src/services/new-bytes'
import { submitJob } from '#src/services/submit-job'
import type { TestContainer } from '#test/support/test-container'
import { openTestContainer } from '#test/support/test-container'
import { toyDataset, toyModel } from '#test/support/toy-model'

const HALF = { type: 'quantize', method: 'float16' }
const PRUNE = { type: 'prune', method: 'channel', importance: 'magnitude' }
const STATIC = { type: 'quantize', method: 'static' }

function revisionOf(steps: readonly unknown[], evaluation: object = { task: 'none' }): number {
  const spec = jobSpec.parse({ model: 'model_0', steps, evaluation })
  return leastRevision(spec)
}

describe('the least revision', () => {
  test.each([
    [[{ type: 'simplify' }], 1],
    [[HALF], 1],
    [[{ type: 'quantize', method: 'dynamic' }], 13],
    [[{ type: 'quantize', method: 'weight_only' }], 13],
    [[STATIC], 13],
    [[{ ...STATIC, target: 'nnapi' }], 13],
    [[{ type: 'simplify' }, STATIC], 13],
    [[{ type: 'prune', method: 'channel' }], 13],
    [[PRUNE], 13],
    [[{ ...PRUNE, channel_multiple: 8 }], 7],
    [
      [
        {
          ...PRUNE,
          channel_multiple: 8,
          scope: 'global',
          ranked_by: 'macs',
        },
      ],
      9,
    ],
    [[{ ...PRUNE, channel_multiple: 8, normalized_axes: 'whole' }], 4],
    [[{ type: 'prune', method: 'unstructured' }], 12],
    [[{ type: 'prune', method: 'unstructured', importance: 'magnitude' }], 4],
    [[{ type: 'prune', method: 'n_m', importance: 'magnitude' }], 4],
    [[{ type: 'prune', method: 'n_m', importance: 'obs' }], 7],
    [[{ type: 'prune', method: 'unstructured', importance: 'random', iterations: 2 }], 7],
    [[{ type: 'distill' }], 10],
    [[{ type: 'distill', training: { shards: 2 } }], 13],
    [[{ type: 'quantize', method: 'qat', training: { shards: 2 } }], 13],
    [[{ ...PRUNE, finetune: { shards: 2 } }], 13],
    [[{ type: 'prune', method: 'n_m', importance: 'random', finetune: {} }], 10],
  ])('of %j is %i', (steps, revision) => {
    expect(revisionOf(steps)).toBe(revision)
  })

  test.each([
    [{ task: 'classification' }, 1],
    [{ task: 'classification', labels: null }, 3],
    [{ task: 'segmentation' }, 3],
    [{ task: 'detection', decoder: 'yolov8' }, 3],
    [{ task: 'image_to_image', metric: 'ssim' }, 3],
  ])('of a job judged by %j is %i', (evaluation, revision) => {
    expect(revisionOf([{ type: 'simplify' }], evaluation)).toBe(revision)
  })

  test('is never above what this version knows', () => {
    expect(revisionOf([STATIC])).toBeLessThanOrEqual(RECIPE_REVISION)
  })
})

describe('an old worker and a new API', () => {
  let container: TestContainer
  const ids = { model: '', dataset: '' }

  beforeAll(async () => {
    container = await openTestContainer()
    const upload = { name: '', metadata: {} }
    const { context } = container
    const source = once(toyModel())
    const model = await createModel(context, 'local', { ...upload, container: 'onnx', source })
    const dataset = await createDataset(context, 'local', {
      ...upload,
      format: 'npz',
      preprocess: null,
      source: once(toyDataset(8)),
    })
    Object.assign(ids, { model: model.id, dataset: dataset.id })
  })
  afterAll(() => container.remove())

  function once(bytes: Uint8Array): BytesSource {
    return { kind: 'request', body: Readable.from([bytes]), expectedSha256: null }
  }

  function submit(steps: readonly unknown[]): Promise<JobRecord> {
    const { model, dataset: calibration } = ids
    const spec = jobSpec.parse({ model, steps, datasets: { calibration } })
    return submitJob(container.context, 'local', spec)
  }

  /** The id of the job that such a worker is handed, `none` when there is none for it. */
  async function claimBy(revision: number): Promise<string> {
    const worker: WorkerCapabilities = {
      accelerators: ['cpu'],
      memory_bytes: 2 ** 40,
      revision,
    }
    const soon = AbortSignal.timeout(300)
    const claim = await container.context.queue.claim('compress', worker, 60_000, soon)
    return claim?.id ?? 'none'
  }

  function describeWorker(revision: number): void {
    container.context.peers.describeWorker(() => ({
      capabilities: { accelerators: ['cpu'], memory_bytes: 2 ** 40, revision },
      places: 1,
      busy: 0,
      draining: false,
    }))
  }

  test('it takes what it knows and leaves the rest, in whatever order, to a newer one', async () => {
    const newer = await submit([STATIC])
    const older = await submit([HALF])
    expect(newer.needs.revision).toBe(13)
    expect(await claimBy(1)).toBe(older.id)
    expect(await claimBy(1)).toBe('none')
    expect(await claimBy(RECIPE_REVISION)).toBe(newer.id)
  })

  test('the caller is told when every worker is too old', async () => {
    describeWorker(1)
    const job = await submit([STATIC])
    expect(job.progress.message).toMatch(/older than this service/)
    expect((await submit([HALF])).progress.message).toBe('waiting for a worker')
    describeWorker(RECIPE_REVISION)
    expect(asItWaits(container.context.peers, job).progress.message).toBe('waiting for a worker')
  })
})
