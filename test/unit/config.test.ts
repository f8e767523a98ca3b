import { isAbsolute } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '#src/config'
import { printConfigDocument } from '#src/config-document'

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('readConfig', () => {
  it('has a default for everything and freezes the result', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      loopback: true,
      webhookAllow: [],
    })
    expect(isAbsolute(config.dataDir)).toBe(true)
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('takes an empty variable as absent', () => {
    expect(readConfig({ TERSOR_PORT: ' ' }).port).toBe(8080)
  })

  it('reads sizes with units and lists of networks', () => {
    const config = readConfig({
      TERSOR_MAX_MODEL_BYTES: '512MiB',
      TERSOR_MAX_BODY_BYTES: '2048',
      TERSOR_WEBHOOK_ALLOW: '10.0.0.0/8, fd00::/8',
    })
    expect(config.maxModelBytes).toBe(512 * 2 ** 20)
    expect(config.maxBodyBytes).toBe(2048)
    expect(config.webhookAllow).toEqual(['10.0.0.0/8', 'fd00::/8'])
  })

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['192.168.1.4', false],
    ['example.org', false],
  ])('%s is reached by this machine alone: %s', (host, expected) => {
    expect(readConfig({ TERSOR_HOST: host }).loopback).toBe(expected)
  })

  it.each([
    ['TERSOR_PORT', '80a'],
    ['TERSOR_PORT', '65536'],
    ['TERSOR_PORT', '-1'],
    ['TERSOR_WORKERS', '0'],
    ['TERSOR_WORKERS', '1.5'],
    ['TERSOR_SANDBOX', 'yes'],
    ['TERSOR_LOG_LEVEL', 'INFO'],
    ['TERSOR_WEBHOOK_ALLOW', '10.0.0.0'],
    ['TERSOR_WEBHOOK_ALLOW', '10.0.0.0/33'],
    ['TERSOR_MAX_MODEL_BYTES', '5GB'],
    ['TERSOR_MAX_BODY_BYTES', '1'],
  ])('names %s when it is %j', (name, given) => {
    const problems = problemsOf({ [name]: given })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${name} must be `)
    expect(problems[0]).toContain(JSON.stringify(given))
  })

  it('names every wrong variable at once, and those that are not known', () => {
    const problems = problemsOf({ TERSOR_PORT: 'x', TERSOR_WORKERS: 'x', TERSOR_PROT: '1' })
    expect(problems.map((line) => line.split(' ')[0])).toEqual([
      'TERSOR_PORT',
      'TERSOR_WORKERS',
      'TERSOR_PROT',
    ])
  })

  it('leaves the variables of clients and of others alone', () => {
    expect(problemsOf({ TERSOR_URL: 'x', TERSOR_API_KEY: 'y', PATH: '/bin' })).toEqual([])
  })
})

describe('docs/config.md', () => {
  it('is what the table of variables prints', async () => {
    await expect(printConfigDocument()).toMatchFileSnapshot('../../docs/config.md')
  })
})
