// Rules of the house that a compiler does not check. Each failure names the file and what it breaks.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}

const product = ['src', 'workers'].flatMap(listFiles)
const everything = [...product, ...['test', 'scripts', 'bench', 'examples'].flatMap(listFiles)]
const text = new Map(everything.map((path) => [path, readFileSync(join(root, path), 'utf8')]))

interface Import {
  readonly from: string
  /** Path of the imported file without extension, or the name of a package. */
  readonly to: string
  readonly typeOnly: boolean
}

const ALIASES: Record<string, string> = {
  '#src/': 'src/',
  '#workers/': 'workers/',
  '#engine/': 'workers/engine/',
  '#test/': 'test/',
}

function importsOf(path: string): Import[] {
  const source = text.get(path)!
  const found = source.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/gms,
  )
  return [...found].map(([, typeOnly, name, dynamic]) => ({
    from: path,
    to: resolveImport(path, name ?? dynamic ?? ''),
    typeOnly: typeOnly !== undefined,
  }))
}

function resolveImport(path: string, name: string): string {
  if (name.startsWith('.')) return join(path, '..', name).replace(/\.ts$/, '')
  const alias = Object.keys(ALIASES).find((prefix) => name.startsWith(prefix))
  return alias === undefined ? name : ALIASES[alias]! + name.slice(alias.length)
}

const imports = product.flatMap(importsOf)

/** Which files may be imported from a folder; packages are listed by name, `node:` is always allowed. */
const DIRECTIONS: readonly {
  readonly in: string
  readonly may: readonly string[]
  readonly except?: string
}[] = [
  { in: 'src/domain/', may: ['src/domain/', 'src/recipes/', 'zod'] },
  { in: 'src/recipes/', may: ['src/recipes/', 'zod'] },
  { in: 'src/onnx/', may: ['src/onnx/', 'src/domain/model-summary'] },
  { in: 'src/ports/', may: ['src/ports/', 'src/domain/'] },
  { in: 'src/archives/', may: ['src/archives/', 'src/domain/', 'yauzl'] },
  {
    in: 'src/datasets/',
    may: [
      'src/datasets/',
      'src/archives/',
      'src/domain/',
      'src/recipes/',
      'src/onnx/',
      'zod',
      '@napi-rs/image',
      'image-size',
    ],
  },
  {
    in: 'src/services/',
    may: [
      'src/services/',
      'src/domain/',
      'src/recipes/',
      'src/onnx/',
      'src/ports/',
      'src/datasets/',
      'src/archives/',
      'zod',
      'ipaddr.js',
    ],
  },
  {
    in: 'src/http/',
    may: [
      'src/http/',
      'src/services/',
      'src/domain/',
      'src/recipes/',
      'src/ports/',
      'src/config',
      'src/version',
      'zod',
      'fastify',
      'pino',
      'prom-client',
      'yaml',
    ],
  },
  {
    in: 'workers/engine/',
    may: [
      'workers/engine/',
      'src/onnx/',
      'src/domain/report',
      'onnxruntime-node',
      'ml-matrix',
      '@hpcc-js/wasm-zstd',
    ],
  },
]

describe('imports run one way', () => {
  test.each(DIRECTIONS)('$in', ({ in: folder, may }) => {
    const wrong = imports
      .filter(({ from }) => from.startsWith(folder))
      .filter(
        ({ to }) =>
          !to.startsWith('node:') &&
          !may.some(
            (allowed) =>
              to === allowed || to.startsWith(allowed.endsWith('/') ? allowed : `${allowed}/`),
          ),
      )
      .map(({ from, to }) => `${from} imports ${to}`)
    expect(wrong).toEqual([])
  })

  test('the service never imports the workers', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith('src/') && to.startsWith('workers/'),
    )
    expect(wrong).toEqual([])
  })

  test('one file imports the runtime', () => {
    const files = imports.filter(({ to }) => to === 'onnxruntime-node').map(({ from }) => from)
    expect([...new Set(files)]).toEqual(['workers/engine/runtime/ort.ts'])
  })

  test('only the container opens adapters', () => {
    const wrong = imports
      .filter(({ to, from }) => to.startsWith('src/adapters/') && !from.startsWith('src/adapters/'))
      .filter(({ from }) => !from.startsWith('src/open-ports/') && from !== 'src/config.ts')
      .map(({ from, to }) => `${from} imports ${to}`)
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  test('have at most 250 lines', () => {
    const long = everything
      .map((path) => ({ path, lines: text.get(path)!.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 250)
    expect(long).toEqual([])
  })

  test('have a median under 90 lines', () => {
    const lines = product
      .map((path) => text.get(path)!.split('\n').length - 1)
      .toSorted((a, b) => a - b)
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(90)
  })

  test('have names in kebab-case that say something', () => {
    const wrong = everything.filter((path) => {
      const name = path
        .split('/')
        .at(-1)!
        .replace(/(\.test)?\.ts$/, '')
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || /^(utils?|helpers?|common|types)$/.test(name)
    })
    expect(wrong).toEqual([])
  })

  test('read the environment and end the process only where that is their work', () => {
    const readers = product.filter((path) => /process\.env\b/.test(text.get(path)!))
    const enders = product.filter((path) => /process\.exit\(/.test(text.get(path)!))
    expect(readers.filter((path) => !ENVIRONMENT_READERS.includes(path))).toEqual([])
    expect(enders.filter((path) => !ENTRY_FILES.includes(path))).toEqual([])
  })

  test('leave nothing open and nothing skipped', () => {
    const marks =
      /\b(TODO|FIXME|XXX|HACK)\b|\b(it|test|describe)\.(skip|only|todo|fails)\b|\b(skipIf|runIf)\(/
    const self = 'test/unit/architecture.test.ts'
    expect(everything.filter((path) => path !== self && marks.test(text.get(path)!))).toEqual([])
  })
})

/** Entry files hand the environment to readConfig; the CLI reads its own. */
const ENTRY_FILES = [
  'src/main.ts',
  'src/cli/main.ts',
  'workers/main.ts',
  'workers/standalone.ts',
  'workers/sandbox/child.ts',
]
const ENVIRONMENT_READERS = [...ENTRY_FILES, 'src/config.ts']
