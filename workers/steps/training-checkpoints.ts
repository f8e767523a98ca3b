// Checkpoints of the trainings of a job, inside the child: when one is written, and which one a training goes on from.

import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Checkpoint } from '#engine/train/checkpoint'
import { TRAINING_REVISION } from '#engine/train/checkpoint'
import type { CheckpointHook } from '#engine/train/train-model'
import { isDiskFull } from '#workers/sandbox/disk-full'
import type { ChildMessage, CompressRequest } from '#workers/sandbox/protocol'
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'
import type { TrainingIdentity } from './training-fingerprint.ts'
import { trainingFingerprint } from './training-fingerprint.ts'

/** The end of an epoch is a good moment from this share of the interval on. */
const EPOCH_SHARE = 1 / 3

/** Raised by whoever wants one at once. */
export interface CheckpointAsks {
  readonly checkpoints: number
}

export interface TrainingCheckpoints {
  /** For the next training of the job. The log says where it goes on, or why a checkpoint was refused. */
  begin(identity: TrainingIdentity): Promise<{
    /** `null`: from the beginning. */
    readonly resume: Checkpoint | null
    readonly hook: CheckpointHook
  }>
}

export function openTrainingCheckpoints(
  { checkpoints, fingerprint: job, tersorVersion, scratch }: CompressRequest,
  report: (message: ChildMessage) => void,
  asked: CheckpointAsks,
): TrainingCheckpoints {
  const { everySeconds, costShare, found } = checkpoints
  const log = (line: string): void => report({ kind: 'log', line })
  const folder = join(scratch, 'checkpoints')
  let trainings = 0
  let last = performance.now()
  let cost = 0
  let answered = 0

  function save(checkpoint: Checkpoint, training: number, fingerprint: string): void {
    const began = performance.now()
    const label = { revision: TRAINING_REVISION, fingerprint, id: randomUUID() }
    const path = join(folder, `${label.id}.checkpoint`)
    try {
      mkdirSync(folder, { recursive: true })
      writeCheckpoint(path, checkpoint, label)
      report({ kind: 'checkpoint', training, step: checkpoint.step, path })
    } catch (error) {
      if (!isDiskFull(error)) throw error
      rmSync(path, { force: true })
      log('no checkpoint: the disk of the worker is full')
    }
    answered = asked.checkpoints
    last = performance.now()
    cost = last - began
  }

  async function find(training: number, fingerprint: string): Promise<Checkpoint | null> {
    const file = found.find((one) => one.training === training)
    if (file === undefined) return null
    const checkpoint = await readCheckpoint(file.path, { sha256: file.sha256, fingerprint })
    if (typeof checkpoint === 'string') {
      log(`the checkpoint of step ${file.step} is refused, training starts over: ${checkpoint}`)
      return null
    }
    log(`training goes on behind step ${checkpoint.step}`)
    return checkpoint
  }

  return {
    begin: async (identity) => {
      const training = trainings
      trainings += 1
      const name = trainingFingerprint({ ...identity, job, training, tersor: tersorVersion })
      return {
        resume: await find(training, name),
        hook: {
          isDue: (_, epochEnds) => {
            if (everySeconds === 0) return false
            const interval = Math.max(1000 * everySeconds, cost / costShare)
            const share = epochEnds ? EPOCH_SHARE : 1
            return asked.checkpoints > answered || performance.now() - last >= interval * share
          },
          save: (checkpoint) => save(checkpoint, training, name),
        },
      }
    },
  }
}
