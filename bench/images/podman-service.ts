// Podman in Docker's place: `docker-compose` talks to its socket. Without systemd nobody runs the health checks of
// containers now and then; they are run here until they pass.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './run-command.ts'

export interface PodmanService {
  /** For every program that talks to it. */
  readonly env: Readonly<Record<string, string>>
  /** Throws when the container's own health check does not pass in time. */
  untilHealthy(container: string): Promise<void>
  readonly podman: (parameters: readonly string[]) => Promise<string>
  close(): Promise<void>
}

const HEALTHY_WITHIN_MS = 60_000

/** Limits that every machine grants, no systemd, names of images as Docker reads them. */
const SETTINGS = `
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
`

export async function startPodman(folder: string): Promise<PodmanService> {
  const settings = join(folder, 'containers.conf')
  const socket = join(folder, 'podman.sock')
  await writeFile(settings, SETTINGS)
  const env = { CONTAINERS_CONF: settings, DOCKER_HOST: `unix://${socket}` }
  const service = spawn(
    '/usr/bin/podman',
    ['system', 'service', '--time', '0', `unix://${socket}`],
    {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    },
  )
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries > 100) throw new Error('podman does not listen')
    await sleep(100)
  }
  const podman = (parameters: readonly string[]): Promise<string> =>
    run('podman', parameters, { env })
  return {
    env,
    podman,
    untilHealthy: async (container) => {
      const end = performance.now() + HEALTHY_WITHIN_MS
      for (;;) {
        const failure = await podman(['healthcheck', 'run', container]).then(
          () => null,
          (error: unknown) => error,
        )
        if (failure === null) return
        if (performance.now() > end) throw failure
        await sleep(500)
      }
    },
    close: async () => {
      service.kill('SIGTERM')
      await once(service, 'exit')
    },
  }
}
