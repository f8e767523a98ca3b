// A whole service on real stores for one fault: Redis of its own, a prefix in the bucket, APIs, workers, a receiver.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RedisOptions, RedisServer } from '#test/support/servers/redis-server'
import { startRedisServer } from '#test/support/servers/redis-server'
import { FaultClient } from './client.ts'
import { History } from './history.ts'
import type { WebhookReceiver } from './receiver.ts'
import { startReceiver } from './receiver.ts'
import type { Role } from './service-process.ts'
import { ServiceProcess } from './service-process.ts'

export interface S3Address {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKey: string
  readonly secretKey: string
}

export interface ClusterOptions {
  readonly s3: S3Address
  readonly apis: number
  readonly workers: number
  readonly redis?: RedisOptions
  /** Puts something between the processes and their stores. */
  readonly wire?: (redis: RedisServer) => Promise<Wiring>
  /** Where the receiver of webhooks listens; 127.0.0.1 by default. */
  readonly receiverHost?: string
  readonly launcher?: (role: Role, index: number) => readonly string[]
}

export interface Wiring {
  /** Variables of one process, by its role and number: for instance the Redis URL of a proxy. */
  env(role: Role, index: number): Readonly<Record<string, string>>
  close(): Promise<void>
}

const DIRECT: Wiring = { env: () => ({}), close: async () => {} }

export interface Cluster {
  readonly redis: RedisServer
  readonly apis: readonly ServiceProcess[]
  readonly workers: readonly ServiceProcess[]
  readonly history: History
  readonly receiver: WebhookReceiver
  /** Clients of two tenants. */
  readonly clients: { readonly one: FaultClient; readonly two: FaultClient }
  readonly folder: string
  /** The variables that all processes share. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

const run = promisify(execFile)
const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

let clusters = 0

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-fault-'))
  const redis = await startRedisServer(options.redis)
  const wiring = (await options.wire?.(redis)) ?? DIRECT
  const history = new History()
  const receiver = await startReceiver(history, options.receiverHost ?? '127.0.0.1')
  const prefix = `fault-${process.pid}-${(clusters += 1)}`
  const env = {
    TERSOR_PORT: '0',
    TERSOR_REDIS_URL: redis.url,
    TERSOR_REDIS_PREFIX: prefix,
    TERSOR_S3_BUCKET: options.s3.bucket,
    TERSOR_S3_ENDPOINT: options.s3.endpoint,
    TERSOR_S3_PREFIX: prefix,
    TERSOR_WEBHOOK_ALLOW: '127.0.0.0/8',
    TERSOR_SHUTDOWN_SECONDS: '2',
    // Many streams of one key look after their jobs.
    TERSOR_REQUESTS_PER_MINUTE: '1000000',
    AWS_ACCESS_KEY_ID: options.s3.accessKey,
    AWS_SECRET_ACCESS_KEY: options.s3.secretKey,
  }
  const make = (role: Role, count: number): ServiceProcess[] =>
    Array.from({ length: count }, (_, index) => {
      const own = { TERSOR_DATA_DIR: join(folder, `${role}-${index}`) }
      return new ServiceProcess({
        role,
        env: { ...env, ...own, ...wiring.env(role, index) },
        ...(options.launcher === undefined ? {} : { launcher: options.launcher(role, index) }),
      })
    })
  const apis = make('api', options.apis)
  const workers = make('worker', options.workers)
  const close = async (): Promise<void> => {
    await Promise.all([...apis, ...workers].map((one) => one.kill('SIGKILL')))
    await receiver.close()
    await wiring.close()
    await redis.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const [keyOne, keyTwo] = await Promise.all(['one', 'two'].map((tenant) => createKey(tenant)))
    await Promise.all([...apis, ...workers].map((one) => one.start()))
    const client = (tenant: string, apiKey: string): FaultClient =>
      new FaultClient({ urls: () => urlsOf(apis), apiKey, tenant, history })
    const clients = { one: client('one', keyOne!), two: client('two', keyTwo!) }
    return { redis, apis, workers, history, receiver, clients, folder, env, close }
  } catch (error) {
    await close()
    throw error
  }

  async function createKey(tenant: string): Promise<string> {
    const own = {
      PATH: process.env['PATH'],
      ...env,
      TERSOR_DATA_DIR: join(folder, `cli-${tenant}`),
    }
    const { stdout } = await run(process.execPath, [CLI, 'keys', 'create', '--tenant', tenant], {
      env: own,
    })
    return stdout.trim()
  }
}

function urlsOf(apis: readonly ServiceProcess[]): readonly string[] {
  return apis.filter(({ running }) => running).flatMap((api) => tryUrl(api))
}

/** None while it starts. */
function tryUrl(api: ServiceProcess): readonly string[] {
  try {
    return [api.url]
  } catch {
    return []
  }
}
