// Entry of the bundle: runs the child's program from V8's code cache where this V8 made one, else from its text.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'

interface Loaded {
  readonly module: { readonly exports: unknown }
  readonly script: Script
}

type Body = (
  exports: object,
  require: (name: string) => unknown,
  module: object,
  filename: string,
) => void

/** What this child is for, and whether it leaves the cache for those to come: see scripts/bundle-child.ts. */
const [, entry = '', task = '', mode = 'run'] = process.argv
const folder = join(entry, '..')
const requirePackage = createRequire(entry)
const loaded = new Map<string, Loaded>()

/** Each task compiles other functions, so each has a cache of its own. */
function cacheOf(name: string): string {
  return join(folder, `${name}.${task}.cache`)
}

function cachedData(name: string): { readonly cachedData?: Buffer } {
  if (mode !== 'run') return {}
  try {
    return { cachedData: readFileSync(cacheOf(name)) }
  } catch {
    return {}
  }
}

function load(name: string): unknown {
  const before = loaded.get(name)
  if (before !== undefined) return before.module.exports
  const filename = join(folder, name)
  const text = readFileSync(filename, 'utf8')
  // One line, so that places in stacks stay those of the file.
  const wrapped = `(function (exports, require, module, __filename) {${text}\n})`
  const script = new Script(wrapped, { filename, ...cachedData(name) })
  const module = { exports: {} }
  loaded.set(name, { module, script })
  const body = script.runInThisContext() as Body
  const require = (wanted: string): unknown =>
    isOurs(wanted) ? load(wanted) : requirePackage(wanted)
  body(module.exports, require, module, filename)
  return module.exports
}

function isOurs(name: string): boolean {
  return name.startsWith('./')
}

load('./program.cjs')
if (mode === 'write-cache') {
  process.once('exit', () => {
    for (const [name, { script }] of loaded) writeFileSync(cacheOf(name), script.createCachedData())
  })
}
