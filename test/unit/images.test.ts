// The Dockerfile and docker-compose.yml, as far as reading them tells; bench/images.ts builds and runs them.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CONFIG_VARIABLES, readConfig } from '#src/config'
import { environmentOf, inherited, parseDockerfile } from '#test/support/dockerfile'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const stages = parseDockerfile(read('Dockerfile'))
const TARGETS = ['api', 'worker', 'worker-gpu', 'standalone']
const stage = (name: string) => stages.find((candidate) => candidate.name === name)!

/** Packages that the API's image leaves out. */
const LEFT_OUT = stage('api-modules')
  .instructions.flatMap(({ rest }) => [...rest.matchAll(/dependencies\.(\S+)/g)])
  .map(([, name]) => name!)

describe.each(TARGETS)('image %s', (target) => {
  const instructions = inherited(stages, target)
  const last = (name: string): string => instructions.findLast((one) => one.name === name)!.rest

  test('ends as a process that is no root, stops at SIGTERM and says whether it lives', () => {
    expect(last('USER')).not.toMatch(/^(root|0)\b/)
    expect(last('STOPSIGNAL')).toBe('SIGTERM')
    expect(last('HEALTHCHECK')).toContain('/healthz')
  })

  test('starts a program that exists', () => {
    const [program, entry] = JSON.parse(last('CMD')) as [string, string]
    expect(program).toBe('node')
    const source = entry.replace('dist/', '').replace(/\.js$/, '.ts')
    expect(existsSync(join(root, source)), source).toBe(true)
    const folder = entry.split('/').slice(0, 2).join('/')
    const copied = instructions.some(({ rest }) => rest.includes(`/app/${folder}/ ${folder}/`))
    expect(copied).toBe(true)
  })

  test('sets what the service reads, and no secret', () => {
    const environment = environmentOf(instructions)
    expect(() => readConfig(environment)).not.toThrow()
    expect(JSON.stringify(environment)).not.toMatch(/secret|password|token|api_key/i)
  })
})

describe('the image of the API', () => {
  test('has nothing of the workers', () => {
    expect(inherited(stages, 'api').filter(({ rest }) => rest.includes('workers'))).toEqual([])
  })

  test('leaves out packages that the manifest has and src does not import', () => {
    expect(LEFT_OUT).toContain('onnxruntime-node')
    const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    expect(Object.keys(manifest.dependencies)).toEqual(expect.arrayContaining(LEFT_OUT))
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    const wrong = files
      .filter((path) => path.endsWith('.ts'))
      .filter((path) => LEFT_OUT.some((name) => read(join('src', path)).includes(`'${name}`)))
    expect(wrong).toEqual([])
  })
})

test('what the build copies is in its context', () => {
  const copied = stages
    .flatMap(({ instructions }) => instructions)
    .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from='))
    .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))
  const allowed = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  for (const path of copied) {
    expect(existsSync(join(root, path)), path).toBe(true)
    expect(allowed).toContain(path.replace(/\/$/, ''))
  }
})

interface Service {
  readonly build?: { readonly target: string }
  readonly image: string
  readonly environment?: Readonly<Record<string, string | number>>
  readonly command?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, Service>
  }
  const ours = Object.entries(compose.services).filter(([, { build }]) => build !== undefined)

  test('builds targets that exist, under the names of their services', () => {
    expect(ours.map(([name]) => name)).toEqual(['api', 'worker', 'worker-gpu'])
    for (const [name, { build, image }] of ours) {
      expect(build!.target).toBe(name)
      expect(image).toBe(`tersor-${name}`)
      expect(stage(name)).toBeDefined()
    }
  })

  test.each(ours)('%s is configured with what the service reads', (name, { environment = {} }) => {
    const given = Object.entries(environment).map(([key, value]) => [key, String(value)] as const)
    const env = {
      ...environmentOf(inherited(stages, name)),
      ...Object.fromEntries(given.filter(([key]) => key.startsWith('TERSOR_'))),
    }
    const config = readConfig(env)
    expect(config).toMatchObject({ sharing: 'shared', s3Bucket: 'tersor', host: '0.0.0.0' })
    const known: readonly string[] = Object.values(CONFIG_VARIABLES).map((entry) => entry.variable)
    for (const [key] of given) expect(key.startsWith('AWS_') || known.includes(key), key).toBe(true)
  })

  test('holds no secret, and no image without a version', () => {
    for (const { environment = {}, image, build } of Object.values(compose.services)) {
      expect(environment['AWS_SECRET_ACCESS_KEY'] ?? '${').toContain('${')
      if (build === undefined) expect(image).toMatch(/:\d/)
    }
  })

  test('keeps what Redis is told', () => {
    const { command } = compose.services['redis']!
    expect(command).toContain('--appendonly yes')
    expect(command).toContain('--maxmemory-policy noeviction')
  })

  test('starts processes when their stores answer', () => {
    for (const [, { depends_on: needs }] of ours) {
      expect(needs).toEqual({
        redis: { condition: 'service_healthy' },
        s3: { condition: 'service_healthy' },
      })
    }
  })
})
