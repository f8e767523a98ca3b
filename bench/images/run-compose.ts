// docker-compose.yml as it is, with an API and two workers: a key, a job, an orderly stop, a start on what was kept.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '#test/support/servers/free-port'
import { runOneJob } from './one-job.ts'
import type { JobRun } from './one-job.ts'
import type { PodmanService } from './podman-service.ts'
import { run } from './run-command.ts'
import { openS3Door } from './s3-door.ts'
import { S3_SOCKET_FOLDER } from './stand-ins.ts'

export interface ComposeRun {
  /** Of the client that read the file. */
  readonly client: string
  readonly job: JobRun
  /** Container → exit code after SIGTERM. */
  readonly exitCodes: Readonly<Record<string, number>>
  /** Status of the job after everything was started again. */
  readonly afterRestart: string
}

const PROJECT = 'tersor-bench'
const SERVICES = ['api_1', 'worker_1', 'worker_2'].map((name) => `${PROJECT}_${name}`)
const STORES = ['redis_1', 's3_1'].map((name) => `${PROJECT}_${name}`)
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
): Promise<ComposeRun> {
  const doorFolder = join(folder, 's3')
  await mkdir(doorFolder)
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
    run('docker-compose', ['-p', PROJECT, ...files, ...parameters], { env, cwd: repository })
  const url = `http://127.0.0.1:${port}`
  const start = async (): Promise<void> => {
    await compose('up', '-d', '--no-build', 'redis', 's3')
    for (const name of STORES) await engine.untilHealthy(name)
    await compose('up', '-d', '--no-build', '--scale', 'worker=2', 'api', 'worker')
    for (const name of SERVICES) await engine.untilHealthy(name)
  }
  try {
    await compose('config', '--quiet')
    await compose('up', '-d', '--no-build', 'redis', 's3')
    for (const name of STORES) await engine.untilHealthy(name)
    const create = ['node', 'dist/src/cli/main.js', 'keys', 'create']
    const key = (await compose('run', '--rm', '-T', 'api', ...create)).trim()
    await start()
    const { id, ...job } = await runOneJob(url, key, 1)
    const exitCodes: Record<string, number> = {}
    for (const name of SERVICES) {
      await engine.podman(['stop', '--time', STOP_SECONDS, name])
      const code = await engine.podman(['inspect', '--format', '{{.State.ExitCode}}', name])
      exitCodes[name] = Number(code)
    }
    await compose('down')
    await start()
    const answer = await fetch(`${url}/v1/jobs/${id}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const again = (await answer.json()) as { readonly status: string }
    const client = (await run('docker-compose', ['version', '--short'])).trim()
    return { client, job: { id, ...job }, exitCodes, afterRestart: again.status }
  } finally {
    await compose('down', '--volumes', '--timeout', '5').catch(() => undefined)
    await door.close()
  }
}
