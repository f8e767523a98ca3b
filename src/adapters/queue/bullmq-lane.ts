// Lanes: one BullMQ queue for the entries of a kind and a group that ask the same of a worker.

import { createHash } from 'node:crypto'
import type { QueueEntry } from '#src/ports/job-queue'

/** BullMQ serves 1 before 2 and takes up to 2²¹ − 1; the port serves higher numbers first. */
const MIDDLE_PRIORITY = 2 ** 20
const LEAST_PRIORITY = 2 ** 21 - 1
const LONGEST_GROUP = 150
/** Memory is compared in eight steps an octave, rounded up: few lanes, at most an eighth more asked for. */
const STEPS_PER_OCTAVE = 8

/** The parts stand in the name, so that scripts read the needs of a lane without another look-up. */
export function laneName({ kind, group, needs }: QueueEntry): string {
  const { accelerator, memory_bytes, revision } = needs
  return [kind, accelerator, memoryClass(memory_bytes), revision, groupName(group)].join('|')
}

export function memoryClass(bytes: number): number {
  if (bytes <= STEPS_PER_OCTAVE) return bytes
  const step = 2 ** Math.floor(Math.log2(bytes)) / STEPS_PER_OCTAVE
  return Math.ceil(bytes / step) * step
}

function groupName(group: string): string {
  const name = encodeURIComponent(group)
  return name.length <= LONGEST_GROUP ? name : createHash('sha256').update(group).digest('hex')
}

/** BullMQ refuses ids that are integers or hold a colon. */
export function bullmqId(id: string): string {
  return `id-${encodeURIComponent(id)}`
}

export function entryId(bullmqId: string): string {
  return decodeURIComponent(bullmqId.slice('id-'.length))
}

export function bullmqPriority(priority: number): number {
  return Math.min(Math.max(MIDDLE_PRIORITY - priority, 1), LEAST_PRIORITY)
}
