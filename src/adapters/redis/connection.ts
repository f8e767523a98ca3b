// Connections to Redis: what a request waits on fails fast, what works in the background is patient.

import { Redis } from 'ioredis'

/**
 * `producer`: commands fail at once while Redis is away, and after 2 s without an answer.
 * `worker`, `subscriber`: commands wait until Redis is back.
 */
export type RedisRole = 'producer' | 'worker' | 'subscriber'

export interface RedisConnectionOptions {
  /** Told what goes wrong with the connection; the commands themselves reject. */
  readonly onError: (error: unknown) => void
  /** Shown by `CLIENT LIST`; without spaces. */
  readonly name?: string
}

const COMMAND_TIMEOUT_MS = 2000
const SILENCE_TIMEOUT_MS = 5000
const CONNECT_TIMEOUT_MS = 5000
const MAX_RETRY_DELAY_MS = 2000

const ROLES = {
  producer: {
    enableOfflineQueue: false,
    // A command whose answer was lost is never sent again: a commit that happened would be refused the second time.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // A link that died without a word is given up and made anew.
    socketTimeout: SILENCE_TIMEOUT_MS,
  },
  worker: { maxRetriesPerRequest: null },
  subscriber: { maxRetriesPerRequest: null, socketTimeout: SILENCE_TIMEOUT_MS },
} as const

/** Returns at once and connects in the background, again and again until it is closed. */
export function openRedisConnection(
  url: string,
  role: RedisRole,
  options: RedisConnectionOptions,
): Redis {
  const redis = new Redis(url, {
    ...ROLES[role],
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    retryStrategy: retryDelay,
    // After a failover this connection may still lead to a server that has become a replica.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    ...(options.name === undefined ? {} : { connectionName: options.name }),
  })
  if (role === 'subscriber') handleOwnSubscriptions(redis)
  // Without a listener, an error event would end the process.
  redis.on('error', options.onError)
  return redis
}

/**
 * Back after an outage, the client subscribes again by itself and drops the promise: a connection that ends before the
 * answer would leave a rejection that nobody handles.
 */
function handleOwnSubscriptions(redis: Redis): void {
  for (const name of ['subscribe', 'psubscribe'] as const) {
    const call = redis[name].bind(redis) as (...words: unknown[]) => Promise<unknown>
    const handled = (...words: unknown[]): Promise<unknown> => {
      const answer = call(...words)
      answer.catch(() => undefined)
      return answer
    }
    Object.assign(redis, { [name]: handled })
  }
}

/** 50 ms, doubled each time, up to 2 s; a quarter of it random, so that processes do not come back in step. */
export function retryDelay(times: number): number {
  const delay = Math.min(50 * 2 ** Math.min(times - 1, 10), MAX_RETRY_DELAY_MS)
  return Math.round(delay * (0.75 + Math.random() / 4))
}

/** Resolves once commands are answered, or when the time is over. */
export async function waitForRedis(redis: Redis, milliseconds: number): Promise<void> {
  if (redis.status === 'ready') return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      redis.off('ready', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    redis.once('ready', done)
  })
}

/** Lets the commands that were sent be answered, then closes. */
export async function closeRedisConnection(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await redis.quit().catch(() => undefined)
  redis.disconnect()
}
