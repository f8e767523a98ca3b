// The programs of the test servers: on the PATH, in the cache folder, or made available now; else an error that names them.

import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { installPackages, unpackPackages } from './debian-packages.ts'

export interface RedisPrograms {
  readonly redisServer: string
  readonly env: Readonly<Record<string, string>>
}

export interface SwiftPrograms {
  /** An interpreter that can import swift with `env`. */
  readonly python: string
  readonly memcached: string
  readonly env: Readonly<Record<string, string>>
}

/** Where packages are unpacked for users who may not install them. */
const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'tersor-test-servers',
)
const REDIS_ROOT = join(CACHE, 'redis')
const SWIFT_ROOT = join(CACHE, 'swift')
/** Whether Swift is there; to import it takes a second. */
const FIND_SWIFT = `import importlib.util as u, sys; sys.exit(u.find_spec('swift') is None)`

export function ensureRedis(): Promise<RedisPrograms> {
  return ensure({
    name: 'Redis',
    packages: ['redis-server'],
    variable: 'TERSOR_TEST_REDIS_URL',
    root: REDIS_ROOT,
    find: findRedis,
  })
}

export function ensureSwift(): Promise<SwiftPrograms> {
  return ensure({
    name: 'an S3 server',
    packages: ['python3-swift', 'memcached'],
    variable: 'TERSOR_TEST_S3_ENDPOINT',
    root: SWIFT_ROOT,
    find: findSwift,
  })
}

interface Wanted<T> {
  readonly name: string
  /** Of Debian and Ubuntu. */
  readonly packages: readonly string[]
  /** Names a server of the caller's own. */
  readonly variable: string
  /** Where the packages are unpacked. */
  readonly root: string
  readonly find: () => T | null
}

async function ensure<T>({ name, packages, variable, root, find }: Wanted<T>): Promise<T> {
  const found = find()
  if (found !== null) return found
  let failure = 'this is neither Debian nor Ubuntu'
  if (existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Making ${packages.join(', ')} available for the tests …\n`)
    try {
      if (process.getuid?.() === 0) await installPackages(packages)
      else await unpackPackages(packages, root)
      const installed = find()
      if (installed !== null) return installed
      failure = 'the programs do not start after their packages were unpacked'
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error)
    }
  }
  throw new Error(
    `The tests need ${name}: install ${packages.join(' and ')} (names of Debian's packages) or set ` +
      `${variable} to a server of your own (test/README.md). Not done automatically: ${failure}`,
  )
}

function findRedis(): RedisPrograms | null {
  for (const { folders, env } of places(REDIS_ROOT)) {
    const redisServer = findProgram('redis-server', folders)
    if (redisServer !== null && works(redisServer, ['--version'], env)) return { redisServer, env }
  }
  return null
}

function findSwift(): SwiftPrograms | null {
  for (const { folders, env } of places(SWIFT_ROOT)) {
    const memcached = findProgram('memcached', folders)
    if (memcached === null || !works(memcached, ['-V'], env)) continue
    // Not every interpreter on the PATH is the one that Debian's packages belong to.
    const interpreters = new Set(['/usr/bin/python3', findProgram('python3', folders)])
    for (const python of interpreters) {
      if (python !== null && works(python, ['-c', FIND_SWIFT], env))
        return { python, memcached, env }
    }
  }
  return null
}

interface Place {
  readonly folders: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The system, then the cache folder with what the system has besides. */
function places(root: string): Place[] {
  const path = (process.env['PATH'] ?? '').split(':')
  const system = [...path, '/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin']
  const unpacked = ['usr/bin', 'usr/sbin', 'bin'].map((name) => join(root, name))
  return [
    { folders: system, env: {} },
    { folders: [...unpacked, ...system], env: unpackedEnvironment(root) },
  ]
}

function unpackedEnvironment(root: string): Record<string, string> {
  const libraries = ['usr/lib', 'lib'].flatMap((folder) => {
    const path = join(root, folder)
    if (!existsSync(path)) return []
    const triples = readdirSync(path).filter((name) => name.endsWith('-linux-gnu'))
    return [...triples.map((triple) => join(path, triple)), path]
  })
  const providers = libraries.map((path) => join(path, 'ossl-modules')).find(existsSync)
  const hasPython = existsSync(join(root, 'usr/bin/python3'))
  return {
    LD_LIBRARY_PATH: libraries.join(':'),
    PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
    ...(providers === undefined ? {} : { OPENSSL_MODULES: providers }),
    ...(hasPython ? { PYTHONHOME: join(root, 'usr') } : {}),
  }
}

function findProgram(name: string, folders: readonly string[]): string | null {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

function works(program: string, args: readonly string[], env: Record<string, string>): boolean {
  try {
    execFileSync(program, args, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: 'ignore',
      timeout: 60_000,
    })
    return true
  } catch {
    return false
  }
}
