// A real Redis on a free port and in a folder of its own, to be killed and started again.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureRedis } from './ensure-installed.ts'
import { freePorts } from './free-port.ts'
import { startServerProcess, waitUntilReady } from './server-process.ts'
import type { ServerProcess } from './server-process.ts'

export interface RedisOptions {
  /** How a write is made durable; default `everysec`. `none`: a killed server comes back empty. */
  readonly appendFsync?: 'always' | 'everysec' | 'none'
  /** As Redis writes it: `16mb`. Writes fail beyond it. */
  readonly maxMemory?: string
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Further lines of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface RedisServer {
  /** The same after every start. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly folder: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGTERM: what is in memory is saved first. */
  stop(): Promise<void>
  /** After `kill` or `stop`: the same port, the same folder. */
  start(): Promise<void>
  /** Kills it and removes its folder. */
  close(): Promise<void>
}

export async function startRedisServer(options: RedisOptions = {}): Promise<RedisServer> {
  const programs = await ensureRedis()
  const host = options.host ?? '127.0.0.1'
  const folder = await mkdtemp(join(tmpdir(), 'tersor-redis-'))
  let [port] = await freePorts(1)
  let server: ServerProcess

  async function start(): Promise<void> {
    server = startServerProcess({
      program: programs.redisServer,
      args: redisArguments(host, port!, folder, options),
      env: programs.env,
    })
    const ready = (): boolean => server.output().includes('Ready to accept connections')
    await waitUntilReady(server, 'redis-server', ready)
  }

  try {
    await start()
  } catch (error) {
    // Another process may have taken the port between finding and using it.
    if (!(error instanceof Error && /in use/i.test(error.message))) throw error
    ;[port] = await freePorts(1)
    await start()
  }
  return {
    url: `redis://${host}:${port}`,
    host,
    port: port!,
    folder,
    start,
    kill: () => server.kill('SIGKILL'),
    stop: () => server.kill('SIGTERM'),
    async close() {
      await server.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function redisArguments(
  host: string,
  port: number,
  folder: string,
  { appendFsync = 'everysec', maxMemory, settings = {} }: RedisOptions,
): string[] {
  const lines: Record<string, string> = {
    bind: host,
    port: String(port),
    dir: folder,
    save: '',
    appendonly: appendFsync === 'none' ? 'no' : 'yes',
    ...(appendFsync === 'none' ? {} : { appendfsync: appendFsync }),
    'maxmemory-policy': 'noeviction',
    ...(maxMemory === undefined ? {} : { maxmemory: maxMemory }),
    // Tests on other loopback addresses and network namespaces.
    'protected-mode': 'no',
    ...settings,
  }
  return Object.entries(lines).flatMap(([name, value]) => [`--${name}`, value])
}
