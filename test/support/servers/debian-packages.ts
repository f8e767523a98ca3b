// Packages of Debian and Ubuntu: installed by root, or downloaded and unpacked into a folder by anyone.

import { execFile } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const QUIET = {
  DEBIAN_FRONTEND: 'noninteractive',
  LC_ALL: 'C',
  // The tests start servers of their own: the packages' daemons need not run.
  SYSTEMD_OFFLINE: '1',
}

export async function installPackages(names: readonly string[]): Promise<void> {
  const install = ['install', '-y', '--no-install-recommends', ...names]
  await apt(install).catch(async () => {
    // Container images come without lists of packages.
    await apt(['update'])
    await apt(install)
  })
}

/** With everything they depend on that this machine lacks. `cache` also keeps lists and archives. */
export async function unpackPackages(
  names: readonly string[],
  cache: string,
  root: string,
): Promise<void> {
  const archives = join(cache, 'archives')
  const lists = join(cache, 'lists')
  await mkdir(join(archives, 'partial'), { recursive: true })
  await mkdir(join(lists, 'partial'), { recursive: true })
  await mkdir(root, { recursive: true })
  const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`]
  await apt([...own, 'update'])
  const plan = await apt([...own, '-s', 'install', '--no-install-recommends', ...names])
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!)
  await apt([...own, 'download', ...new Set([...names, ...missing])], archives)
  for (const file of await readdir(archives)) {
    if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(archives, file), root])
  }
  await rm(archives, { recursive: true })
  await rm(lists, { recursive: true })
}

async function apt(args: readonly string[], cwd = '/'): Promise<string> {
  const { stdout } = await run('apt-get', [...args], {
    cwd,
    env: { ...process.env, ...QUIET },
    maxBuffer: 64 * 2 ** 20,
  })
  return stdout
}
