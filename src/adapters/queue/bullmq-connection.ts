// The connections of the BullMQ queue: one for commands of all lanes, one for the bell that wakes claimers.

import type { IRedisTransaction, RedisClient, RedisQueueBackend } from 'bullmq'
import { openRedisConnection, waitForRedis } from '../redis/connection.ts'
import { redisError, unavailable } from '../redis/redis-error.ts'
import { CLAIM_SCRIPTS } from './bullmq-claim-scripts.ts'
import { ENTRY_SCRIPTS } from './bullmq-entry-scripts.ts'

const SCRIPTS = { ...CLAIM_SCRIPTS, ...ENTRY_SCRIPTS }
export type QueueScript = keyof typeof SCRIPTS

const FIRST_CONNECT_MS = 2000
const MOST_LANES = 1000

export interface QueueConnectionOptions {
  readonly url: string
  readonly prefix: string
  readonly onError: (error: unknown) => void
  /** Called with the kind of which something may have become claimable; '' = any. */
  readonly onBell: (kind: string) => void
}

export interface QueueConnection {
  lane(name: string): RedisQueueBackend
  run(script: QueueScript, args: readonly (string | number)[]): Promise<unknown>
  /** All or nothing; what each command answered, in their order. */
  transact(add: (transaction: LaneTransaction) => Promise<void>): Promise<readonly unknown[]>
  close(): void
}

export interface LaneTransaction {
  /** BullMQ's own commands take it as their client. */
  readonly client: IRedisTransaction
  readonly run: (script: QueueScript, args: readonly (string | number)[]) => void
}

/**
 * BullMQ is used below its Queue and Worker: they want connections and timers of their own for every queue, lanes
 * share one connection, and what follows from a command of BullMQ runs in one transaction with it.
 */
export async function connectQueue(options: QueueConnectionOptions): Promise<QueueConnection> {
  const { url, prefix, onError, onBell } = options
  const { createIORedisClient, QueueKeys, RedisConnection, RedisQueueBackend } =
    await import('bullmq')
  const redis = openRedisConnection(url, 'producer', { onError, name: `${prefix}-queue` })
  const bell = openRedisConnection(url, 'subscriber', { onError, name: `${prefix}-bell` })
  bell.on('message', (_channel: string, kind: string) => onBell(kind))
  // Whatever rang while it was away was missed.
  bell.on('ready', () => onBell(''))
  bell.subscribe(`${prefix}:bell`).catch(onError)
  for (const [name, lua] of Object.entries(SCRIPTS)) {
    redis.defineCommand(command(name), { numberOfKeys: 0, lua })
  }
  const connection = new RedisConnection(redis, {
    shared: true,
    blocking: false,
    skipVersionCheck: true,
    skipWaitingForReady: true,
  })
  connection.on('error', () => undefined)
  await connection.client
  const client: RedisClient = createIORedisClient(redis)
  const keys = new QueueKeys(prefix)
  const lanes = new Map<string, RedisQueueBackend>()
  await waitForRedis(redis, FIRST_CONNECT_MS)

  return {
    lane(name) {
      let lane = lanes.get(name)
      if (lane === undefined) {
        if (lanes.size >= MOST_LANES) lanes.clear()
        const keyOf = (part: string): string => keys.toKey(name, part)
        const settings = { connection: redis, prefix }
        lane = new RedisQueueBackend(
          connection,
          name,
          keys.getKeys(name),
          keyOf,
          settings,
          undefined,
          false,
        )
        lanes.set(name, lane)
      }
      return lane
    },

    async run(script, args) {
      try {
        return await client.runCommand(command(script), [prefix, ...args])
      } catch (error) {
        throw redisError(error)
      }
    },

    async transact(add) {
      const transaction = client.multi()
      await add({
        client: transaction,
        run: (script, args) => void transaction.runCommand(command(script), [prefix, ...args]),
      })
      const answers = await transaction.exec().catch((error: unknown) => {
        throw redisError(error)
      })
      if (answers === null) throw unavailable('the queue did not take the transaction')
      return answers.map(([error, answer]) => {
        if (error !== null) throw redisError(error)
        return answer as unknown
      })
    },

    close() {
      redis.disconnect()
      bell.disconnect()
    },
  }
}

function command(script: string): string {
  return `tersor:${script}`
}
