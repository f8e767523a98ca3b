// Builds the images from a bare Debian and runs them: docker-compose.yml with API, workers, Redis and an S3 server, then
// the standalone image. As root on Debian or Ubuntu: npm run build && node dist/bench/images.js

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages } from '#test/support/servers/debian-packages'
import { buildImages } from './images/build-images.ts'
import { composeClients } from './images/compose-clients.ts'
import { startPodman } from './images/podman-service.ts'
import { runCompose } from './images/run-compose.ts'
import { runStandalone } from './images/run-standalone.ts'
import { makeStandIns } from './images/stand-ins.ts'
import { runWithoutRedis } from './images/without-redis.ts'

const TARGETS = ['api', 'worker', 'worker-gpu', 'standalone']
const PACKAGES =
  'debootstrap buildah podman netavark aardvark-dns conmon runc catatonit iptables docker-compose'.split(
    ' ',
  )
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const MB = 1e6

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

// The SDK's notice of its future says nothing about the images.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

const problems: string[] = []
function expect(what: string, holds: boolean): void {
  say(`${holds ? 'ok  ' : 'FAIL'} ${what}`)
  if (!holds) problems.push(what)
}

await installPackages(PACKAGES)
await makeStandIns()
say('stand-ins for the images of registries are there')
const images = await buildImages(REPOSITORY, TARGETS)
for (const { target, addedBytes, moduleBytes, hasRuntime, seconds } of images) {
  const sizes = `${Math.round(addedBytes / MB)} MB on its base, modules ${Math.round(moduleBytes / MB)} MB`
  say(`${target}: ${sizes}, built in ${Math.round(seconds)} s`)
  expect(
    `${target} ${target === 'api' ? 'lacks' : 'has'} the runtime`,
    hasRuntime === (target !== 'api'),
  )
}

const folder = await mkdtemp(join(tmpdir(), 'tersor-images-'))
const engine = await startPodman(folder)
try {
  for (const client of await composeClients(folder)) {
    const compose = await runCompose(REPOSITORY, folder, engine, client)
    const name = `docker-compose ${client.version}`
    say(`${name}: ${JSON.stringify(compose.job)}`)
    expect(`${name}: the job succeeded`, compose.job.status === 'succeeded')
    expect(`${name}: its artifacts arrived`, Object.keys(compose.job.artifacts).length >= 3)
    const orderly = compose.exitCodes.every((code) => code === 0) && compose.exitCodes.length === 3
    expect(`${name}: API and two workers ended with 0 after SIGTERM`, orderly)
    const kept = compose.afterRestart === 'succeeded'
    expect(`${name}: the job is there after a restart of everything`, kept)
  }
  for (const target of ['worker', 'worker-gpu']) {
    const { says, user } = await runWithoutRedis(engine, target)
    expect(`${target} runs as ${user}`, user !== 'root')
    expect(`${target} asks for a Redis`, says.includes('TERSOR_REDIS_URL is not set'))
  }
  const alone = await runStandalone(engine)
  say(`standalone: ${JSON.stringify(alone.job)}`)
  expect('standalone asks for a key', alone.withoutKey.includes('there is no API key'))
  expect('the job of standalone succeeded', alone.job.status === 'succeeded')
  expect('standalone ended with 0 after SIGTERM', alone.exitCode === 0)
} finally {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
}
say(problems.length === 0 ? 'all held' : `${problems.length} did not hold`)
process.exitCode = problems.length === 0 ? 0 : 1
