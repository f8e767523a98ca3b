// The image `standalone` on a fresh volume: refused without a key, then a key, a job, an orderly stop.

import { freePorts } from '#test/support/servers/free-port'
import { imageOf } from './build-images.ts'
import type { JobRun } from './one-job.ts'
import { runOneJob } from './one-job.ts'
import type { PodmanService } from './podman-service.ts'

export interface StandaloneRun {
  /** What it says when nobody has made a key. */
  readonly withoutKey: string
  readonly job: JobRun
  readonly exitCode: number
}

const NAME = 'tersor-bench-standalone'
const VOLUME = 'tersor-bench-standalone'

export async function runStandalone(engine: PodmanService): Promise<StandaloneRun> {
  const { podman } = engine
  const [port] = await freePorts(1)
  const image = imageOf('standalone')
  const once = [
    'run',
    '--rm',
    '--pull',
    'never',
    '--no-healthcheck',
    '-v',
    `${VOLUME}:/data`,
    image,
  ]
  const create = ['node', 'dist/src/cli/main.js', 'keys', 'create']
  try {
    const withoutKey = await podman(once).then(
      () => 'started',
      (error: unknown) => /TERSOR_HOST.*API key/.exec(String(error))?.[0] ?? String(error),
    )
    const key = (await podman([...once, ...create])).trim()
    const publish = `127.0.0.1:${port}:8080`
    const flags = ['--name', NAME, '--init', '-p', publish, '-v', `${VOLUME}:/data`]
    await podman(['run', '-d', '--pull', 'never', ...flags, image])
    await engine.untilHealthy(NAME)
    const job = await runOneJob(`http://127.0.0.1:${port}`, key, 2)
    await podman(['stop', '--time', '20', NAME])
    const code = await podman(['inspect', '--format', '{{.State.ExitCode}}', NAME])
    return { withoutKey, job, exitCode: Number(code) }
  } finally {
    await podman(['rm', '--force', '--ignore', NAME]).catch(() => undefined)
    await podman(['volume', 'rm', '--force', VOLUME]).catch(() => undefined)
  }
}
