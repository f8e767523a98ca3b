// Keys and arguments of BullMQ's commands where BullMQ builds them only for its own connection, clock or options.

import type { RedisQueueBackend } from 'bullmq'

export type Arguments = (string | number | Buffer)[]

/** @param now the time of Redis: delayed entries are due by one clock, whatever those of the workers say */
export function moveToActive(lane: Lane, token: string, now: number, leaseMs: number): Arguments {
  return [
    lane.keys.wait!,
    lane.keys.active!,
    lane.keys.prioritized!,
    lane.keys.events!,
    lane.keys.stalled!,
    lane.keys.limiter!,
    lane.keys.delayed!,
    lane.keys.paused!,
    lane.keys.meta!,
    lane.keys.pc!,
    lane.keys.marker!,
    lane.toKey(''),
    now,
    messagePack(token, leaseMs),
  ]
}

/** { token, lockDuration } as MessagePack: a map of two, short strings, an unsigned 32-bit integer. */
function messagePack(token: string, leaseMs: number): Buffer {
  const text = Buffer.from(token)
  const number = Buffer.alloc(4)
  number.writeUInt32BE(leaseMs)
  return Buffer.concat([
    Buffer.from([0x82]),
    Buffer.from('\xa5token', 'latin1'),
    Buffer.from([0xd9, text.length]),
    text,
    Buffer.from('\xaclockDuration', 'latin1'),
    Buffer.from([0xce]),
    number,
  ])
}

/** The record counts the workers that died on a job; BullMQ must not. */
const ANY_NUMBER_OF_TIMES = 2 ** 31
const UNTIL_NEXT_CHECK_MS = 1

export function moveStalledJobsToWait(lane: Lane, now: number): Arguments {
  return [
    lane.keys.stalled!,
    lane.keys.wait!,
    lane.keys.active!,
    lane.keys['stalled-check']!,
    lane.keys.meta!,
    lane.keys.paused!,
    lane.keys.marker!,
    lane.keys.events!,
    lane.keys.repeat!,
    ANY_NUMBER_OF_TIMES,
    lane.toKey(''),
    now,
    UNTIL_NEXT_CHECK_MS,
  ]
}

export function moveJobFromActiveToWait(lane: Lane, jobId: string, token: string): Arguments {
  return [
    lane.keys.active!,
    lane.keys.wait!,
    lane.keys.stalled!,
    lane.keys.paused!,
    lane.keys.meta!,
    lane.keys.limiter!,
    lane.keys.prioritized!,
    lane.keys.marker!,
    lane.keys.events!,
    jobId,
    token,
    lane.toKey(jobId),
  ]
}

export function extendLock(lane: Lane, jobId: string, token: string, leaseMs: number): Arguments {
  return [`${lane.toKey(jobId)}:lock`, lane.keys.stalled!, token, leaseMs, jobId]
}

export function removeJob(lane: Lane, jobId: string): Arguments {
  const children = 0
  return [lane.toKey(jobId), lane.keys.repeat!, jobId, children, lane.toKey('')]
}

type Lane = Pick<RedisQueueBackend, 'keys' | 'toKey'>
