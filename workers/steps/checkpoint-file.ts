// A checkpoint of training as a file.

import { createHash } from 'node:crypto'
import { closeSync, openSync, writevSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Checkpoint, CheckpointLabel } from '#engine/train/checkpoint'
import { checkpointParts, decodeCheckpoint, TRAINING_REVISION } from '#engine/train/checkpoint'

/** What the kernel takes in one call. */
const MOST_PARTS = 512
const MOST_BYTES = 2 ** 30

/** Blocks, so that no step changes what is written: the kernel takes it at the speed of memory. `path` must not exist. */
export function writeCheckpoint(
  path: string,
  checkpoint: Checkpoint,
  label: CheckpointLabel,
): void {
  const file = openSync(path, 'wx')
  try {
    let left: readonly Uint8Array[] = checkpointParts(checkpoint, label)
    while (left.length > 0) left = behind(left, writevSync(file, firstOf(left)))
  } finally {
    closeSync(file)
  }
}

function firstOf(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0
  const end = parts.findIndex((part, index) => {
    bytes += part.length
    return index > 0 && (index >= MOST_PARTS || bytes > MOST_BYTES)
  })
  return end === -1 ? parts : parts.slice(0, end)
}

/** What is left of the parts after so many bytes. */
function behind(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written
  return parts.flatMap((part) => {
    const skipped = Math.min(skip, part.length)
    skip -= skipped
    return skipped === part.length ? [] : [part.subarray(skipped)]
  })
}

export interface CheckpointClaims {
  /** Of the whole file, hex. */
  readonly sha256: string
  /** Of the training that wants to go on. */
  readonly fingerprint: string
}

/** Where it is refused, why, in words. */
export async function readCheckpoint(
  path: string,
  { sha256, fingerprint }: CheckpointClaims,
): Promise<Checkpoint | string> {
  const bytes = await readWhole(path)
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    return 'its bytes are not those that were stored'
  }
  try {
    const { label, checkpoint } = decodeCheckpoint(bytes)
    if (label.revision !== TRAINING_REVISION) {
      return `it is of revision ${label.revision} of training, this is ${TRAINING_REVISION}`
    }
    return label.fingerprint === fingerprint ? checkpoint : 'it belongs to another training'
  } catch (error) {
    if (error instanceof RangeError) return error.message
    throw error
  }
}

/** Into a buffer of its own, so that the elements are where arrays of float32 may lie. */
async function readWhole(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path, 'r')
  try {
    const bytes = new Uint8Array((await file.stat()).size)
    let offset = 0
    while (offset < bytes.length) {
      const length = Math.min(MOST_BYTES, bytes.length - offset)
      const { bytesRead } = await file.read(bytes, offset, length)
      if (bytesRead === 0) break
      offset += bytesRead
    }
    return bytes
  } finally {
    await file.close()
  }
}
