// docker-compose.yml as it is, with an API and two workers: a key, a job, an orderly stop, a start on what was kept.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '#test/support/servers/free-port'
import type { ComposeClient } from './compose-clients.ts'
import { runOneJob } from './one-job.ts'
import type { JobRun } from './one-job.ts'
import type { PodmanService } from './podman-service.ts'
import { run } from './run-command.ts'
import { openS3Door } from './s3-door.ts'
import { S3_SOCKET_FOLDER } from './stand-ins.ts'

export interface ComposeRun {
  readonly job: JobRun
  /** Of the API and the workers, after SIGTERM. */
  readonly exitCodes: readonly number[]
  /** Status of the job after everything was started again. */
  readonly afterRestart: string
}

const PROJECT = 'tersor-bench'
const STORES = ['redis', 's3']
const PROCESSES = ['api', 'worker']
const STOP_SECONDS = '40'

/** The stand-in for the S3 server gets its door, and Podman answers names on open networks only. */
const override = (folder: string): string => `
services:
  s3:
    volumes:
      - ${folder}:${S3_SOCKET_FOLDER}
networks:
  stores:
    internal: false
`

export async function runCompose(
  repository: string,
  folder: string,
  engine: PodmanService,
  client: ComposeClient,
): Promise<ComposeRun> {
  const doorFolder = join(folder, 's3')
  await mkdir(doorFolder, { recursive: true })
  const door = await openS3Door(doorFolder, 'tersor')
  const [port] = await freePorts(1)
  const overrideFile = join(folder, 'override.yml')
  await writeFile(overrideFile, override(doorFolder))
  const env = {
    ...engine.env,
    AWS_ACCESS_KEY_ID: door.accessKey,
    AWS_SECRET_ACCESS_KEY: door.secretKey,
    API_ADDRESS: `127.0.0.1:${port}`,
  }
  const files = ['-f', join(repository, 'docker-compose.yml'), '-f', overrideFile]
  const compose = (...parameters: string[]): Promise<string> =>
    run(client.program, ['-p', PROJECT, ...files, ...parameters], { env, cwd: repository })
  const url = `http://127.0.0.1:${port}`
  const containers = async (services: readonly string[]): Promise<readonly string[]> =>
    (await compose('ps', '-q', ...services)).trim().split('\n')
  const start = async (services: readonly string[], ...more: string[]): Promise<void> => {
    await compose('up', '-d', '--no-build', ...more, ...services)
    for (const id of await containers(services)) await engine.untilHealthy(id)
  }
  const startAll = async (): Promise<void> => {
    await start(STORES)
    await start(PROCESSES, '--scale', 'worker=2')
  }
  try {
    await start(STORES)
    const create = ['node', 'dist/src/cli/main.js', 'keys', 'create']
    const key = (await compose('run', '--rm', '-T', 'api', ...create)).trim()
    await startAll()
    const job = await runOneJob(url, key, 1)
    const exitCodes: number[] = []
    for (const id of await containers(PROCESSES)) {
      await engine.podman(['stop', '--time', STOP_SECONDS, id])
      const code = await engine.podman(['inspect', '--format', '{{.State.ExitCode}}', id])
      exitCodes.push(Number(code))
    }
    await compose('down')
    await startAll()
    const answer = await fetch(`${url}/v1/jobs/${job.id}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const again = (await answer.json()) as { readonly status: string }
    return { job, exitCodes, afterRestart: again.status }
  } finally {
    await compose('down', '--volumes', '--timeout', '5').catch(() => undefined)
    await door.close()
  }
}
