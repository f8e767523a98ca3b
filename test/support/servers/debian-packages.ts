// Packages of Debian and Ubuntu: installed by root, or downloaded and unpacked into a folder by anyone.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const QUIET = {
  DEBIAN_FRONTEND: 'noninteractive',
  LC_ALL: 'C',
  // The tests start servers of their own: the packages' daemons need not run.
  SYSTEMD_OFFLINE: '1',
}

let installing: Promise<void> = Promise.resolve()

/** One after the other: the package manager has a lock. */
export function installPackages(names: readonly string[]): Promise<void> {
  installing = installing.catch(() => {}).then(() => installNow(names))
  return installing
}

async function installNow(names: readonly string[]): Promise<void> {
  const wait = ['-o', 'DPkg::Lock::Timeout=300']
  const install = [...wait, 'install', '-y', '--no-install-recommends', ...names]
  await apt(install).catch(async () => {
    // Container images come without lists of packages.
    await apt(['update'])
    await apt(install)
  })
}

/** With everything they depend on that this machine lacks. `folder` appears when it is complete. */
export async function unpackPackages(names: readonly string[], folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const work = await mkdtemp(`${folder}.`)
  try {
    const [archives, lists, root] = ['archives', 'lists', 'root'].map((name) => join(work, name))
    await mkdir(join(archives!, 'partial'), { recursive: true })
    await mkdir(join(lists!, 'partial'), { recursive: true })
    await mkdir(root!)
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${work}`]
    await apt([...own, 'update'])
    const plan = await apt([...own, '-s', 'install', '--no-install-recommends', ...names])
    const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!)
    await apt([...own, 'download', ...new Set([...names, ...missing])], archives)
    for (const file of await readdir(archives!)) {
      if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(archives!, file), root!])
    }
    await rename(root!, folder).catch((error: unknown) => {
      // Another process was faster.
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function apt(args: readonly string[], cwd = '/'): Promise<string> {
  const { stdout } = await run('apt-get', [...args], {
    cwd,
    env: { ...process.env, ...QUIET },
    maxBuffer: 64 * 2 ** 20,
  })
  return stdout
}
