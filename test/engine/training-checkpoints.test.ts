// A job that goes on from checkpoints of its trainings, and those that it refuses.

import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkpointParts, decodeCheckpoint, TRAINING_REVISION } from '#engine/train/checkpoint'
import type { CheckpointFile, CompressRequest } from '#workers/sandbox/protocol'
import { runToyJob } from './toy-job.ts'

const TRAINING = { batch_size: 16, threads: 1, averaging: 0.9 }
const TRAINED_TWICE = [
  { type: 'prune', method: 'channel', sparsity: 0.5, finetune: { ...TRAINING, epochs: 2 } },
  { type: 'distill', training: { ...TRAINING, epochs: 3 } },
]
/** A checkpoint after every step. */
const ALWAYS = { everySeconds: Number.MIN_VALUE, costShare: Infinity, found: [] }

let folder: string
let whole: Awaited<ReturnType<typeof run>>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-checkpoints-'))
  whole = await run({ checkpoints: ALWAYS })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(worker: Partial<CompressRequest>, steps: readonly unknown[] = TRAINED_TWICE) {
  const spec = { datasets: { train: 'dataset_0', evaluation: 'dataset_0' } }
  const { result, messages } = await runToyJob(folder, { steps, spec, worker })
  return {
    bytes: await readFile(result.files[0]!.path),
    steps: result.report.steps,
    saved: messages.filter((message) => message.kind === 'checkpoint'),
    log: messages.flatMap((message) => (message.kind === 'log' ? [message.line] : [])),
  }
}

async function fileOf(training: number, step: number): Promise<CheckpointFile> {
  const saved = whole.saved.find((one) => one.training === training && one.step === step)!
  return await described(training, step, saved.path)
}

async function described(training: number, step: number, path: string): Promise<CheckpointFile> {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  return { training, step, path, sha256 }
}

async function goOn(found: CheckpointFile[], more: Partial<CompressRequest> = {}) {
  return await run({ checkpoints: { everySeconds: 0, costShare: 1, found }, ...more })
}

function resumedOf({ steps }: Awaited<ReturnType<typeof run>>): readonly unknown[] {
  const [pruned, distilled] = steps.map(({ details }) => details)
  return [(pruned!['finetune'] as Record<string, unknown>)['resumed'], distilled!['resumed']]
}

describe('a job that was broken off', () => {
  test('has left a checkpoint of each training, the last behind its end', () => {
    const last = (training: number) =>
      whole.saved.findLast((message) => message.training === training)!.step
    expect([last(0), last(1)]).toEqual([8, 12])
    expect(resumedOf(whole)).toEqual([0, 0])
  })

  test('in its first training goes on to the same bytes', async () => {
    const resumed = await goOn([await fileOf(0, 3)])
    expect(resumed.bytes.equals(whole.bytes)).toBe(true)
    expect(resumedOf(resumed)).toEqual([1, 0])
    expect(resumed.log).toContain('training goes on behind step 3')
    expect(resumed.saved).toEqual([])
  })

  test('in its second training does not train the first again', async () => {
    const resumed = await goOn([await fileOf(0, 8), await fileOf(1, 5)])
    expect(resumed.bytes.equals(whole.bytes)).toBe(true)
    expect(resumedOf(resumed)).toEqual([1, 1])
    const epochs = resumed.log.filter((line) => line.startsWith('epoch'))
    expect(epochs.map((line) => line.slice(0, 12))).toEqual(['epoch 2 of 3', 'epoch 3 of 3'])
  })
})

test('a checkpoint that is asked for is written at once, and once', async () => {
  const spec = { datasets: { train: 'dataset_0', evaluation: 'dataset_0' } }
  const worker = { checkpoints: { everySeconds: 3600, costShare: 1, found: [] } }
  const job = { steps: TRAINED_TWICE, spec, worker, asked: { checkpoints: 1 } }
  const { messages } = await runToyJob(folder, job)
  const saved = messages.filter(({ kind }) => kind === 'checkpoint')
  expect(saved).toMatchObject([{ training: 0, step: 1 }])
})

describe('a checkpoint is refused, and training starts over, when', () => {
  async function changed(change: (bytes: Buffer) => Buffer): Promise<string> {
    const { path } = await fileOf(0, 3)
    const other = join(folder, 'changed.checkpoint')
    await writeFile(other, change(await readFile(path)))
    return other
  }

  async function expectRefusal(refused: Awaited<ReturnType<typeof run>>, why: string) {
    expect(refused.log).toContain(
      `the checkpoint of step 3 is refused, training starts over: ${why}`,
    )
    expect(refused.bytes.equals(whole.bytes)).toBe(true)
    expect(resumedOf(refused)).toEqual([0, 0])
  }

  test('a bit of it is another', async () => {
    const path = await changed((bytes) => {
      bytes[bytes.length - 5]! ^= 1
      return bytes
    })
    const refused = await goOn([{ ...(await fileOf(0, 3)), path }])
    await expectRefusal(refused, 'its bytes are not those that were stored')
  })

  test('it is not whole, whatever its checksum', async () => {
    const path = await changed((bytes) => bytes.subarray(0, bytes.length - 100))
    const refused = await goOn([await described(0, 3, path)])
    await expectRefusal(refused, 'the checkpoint is cut off')
  })

  test('it is of another revision of training', async () => {
    const path = await changed((bytes) => {
      const { label, checkpoint } = decodeCheckpoint(new Uint8Array(bytes))
      return Buffer.concat(checkpointParts(checkpoint, { ...label, revision: 0 }))
    })
    const refused = await goOn([await described(0, 3, path)])
    await expectRefusal(refused, `it is of revision 0 of training, this is ${TRAINING_REVISION}`)
  })

  test.each([{ fingerprint: 'another' }, { tersorVersion: '0.0.1' }])(
    'it is of %o',
    async (more) => {
      const refused = await goOn([await fileOf(0, 3)], more)
      await expectRefusal(refused, 'it belongs to another training')
    },
  )

  test('it is of the other training of the job', async () => {
    const refused = await goOn([{ ...(await fileOf(1, 3)), training: 0 }])
    await expectRefusal(refused, 'it belongs to another training')
  })
})
