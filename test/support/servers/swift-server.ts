// A real S3 server: OpenStack Swift with its S3 API, four daemons and memcached on free loopback ports, one replica.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { ensureSwift } from './ensure-installed.ts'
import type { SwiftPrograms } from './ensure-installed.ts'
import { freePorts } from './free-port.ts'
import { startServerProcess, waitUntilReady } from './server-process.ts'
import type { ServerProcess } from './server-process.ts'
import { RUN_SWIFT, swiftConfigFiles } from './swift-config.ts'
import type { SwiftPorts } from './swift-config.ts'

export interface S3Server {
  readonly endpoint: string
  readonly host: string
  readonly port: number
  readonly accessKey: string
  readonly secretKey: string
  /** SIGKILL to all daemons. What was stored stays on the disk. */
  kill(): Promise<void>
  /** After `kill`: the same ports, the same bytes. */
  start(): Promise<void>
  /** Kills it and removes its folder. */
  close(): Promise<void>
}

const DAEMONS = ['account', 'container', 'object', 'proxy'] as const

export async function startSwiftServer({ host = '127.0.0.1' } = {}): Promise<S3Server> {
  const programs = await ensureSwift()
  const folder = await mkdtemp(join(tmpdir(), 'tersor-swift-'))
  const [account, container, object, proxy, memcached] = await freePorts(5)
  const ports = { account, container, object, proxy, memcached } as SwiftPorts
  await mkdir(join(folder, 'disk/d1'), { recursive: true })
  const files = swiftConfigFiles({ folder, host, ports, user: userInfo().username })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)

  let servers: readonly ServerProcess[] = []
  const kill = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.kill('SIGKILL')))
  }
  const close = async (): Promise<void> => {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }
  const start = async (): Promise<void> => {
    servers = startDaemons(programs, folder, host, ports)
    for (const name of DAEMONS) {
      await waitUntilReady(servers[0]!, `swift-${name}-server`, async () => {
        const answer = await fetch(`http://${host}:${ports[name]}/healthcheck`).catch(() => null)
        return answer?.status === 200
      })
    }
  }
  await start().catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    endpoint: `http://${host}:${ports.proxy}`,
    host,
    port: ports.proxy,
    accessKey: 'test:tester',
    secretKey: 'testing',
    start,
    kill,
    close,
  }
}

/** The first is Swift. */
function startDaemons(
  { python, memcached, env }: SwiftPrograms,
  folder: string,
  host: string,
  ports: SwiftPorts,
): readonly ServerProcess[] {
  const swift = startServerProcess({
    program: python,
    args: ['-c', RUN_SWIFT, folder, host, JSON.stringify(ports)],
    env,
  })
  const cache = startServerProcess({
    program: memcached,
    args: `-l ${host} -p ${ports.memcached} -U 0 -m 32 -u ${userInfo().username}`.split(' '),
    env,
  })
  return [swift, cache]
}
