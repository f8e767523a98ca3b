// Both clients that read docker-compose.yml: Debian 12's docker-compose (1.29) and Compose 2, of Debian 13's package.

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run-command.ts'
import { debianMirror } from './stand-ins.ts'

export interface ComposeClient {
  readonly program: string
  readonly version: string
}

const FIRST = '/usr/bin/docker-compose'
const PLUGIN = 'usr/libexec/docker/cli-plugins/docker-compose'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The older one comes first. `folder` keeps what is unpacked. */
export async function composeClients(folder: string): Promise<readonly ComposeClient[]> {
  const programs = [FIRST, await secondClient(folder)]
  return await Promise.all(
    programs.map(async (program) => ({
      program,
      version: (await run(program, ['version', '--short'])).trim(),
    })),
  )
}

async function secondClient(folder: string): Promise<string> {
  const plugin = join('/', PLUGIN)
  if (existsSync(plugin)) return plugin
  const apt = join(folder, 'apt')
  await mkdir(join(apt, 'lists/partial'), { recursive: true })
  await mkdir(join(apt, 'archives/partial'), { recursive: true })
  const sources = join(apt, 'sources.list')
  const [mirror = 'http://deb.debian.org/debian'] = await debianMirror()
  await writeFile(sources, `deb [signed-by=${KEYRING}] ${mirror} trixie main\n`)
  const places = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(apt, 'lists'),
    'Dir::Cache': apt,
  }
  const own = Object.entries(places).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await run('apt-get', [...own, 'update'])
  await run('apt-get', [...own, 'download', 'docker-compose'], { cwd: apt })
  const unpacked = join(folder, 'compose')
  await run('sh', ['-c', 'dpkg-deb -x docker-compose_*.deb "$1"', 'sh', unpacked], { cwd: apt })
  return join(unpacked, PLUGIN)
}
