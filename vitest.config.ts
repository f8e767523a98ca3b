import { defineConfig } from 'vitest/config'
import { ClosingLine } from './test/support/closing-line.ts'

// Rings of tests, named by what they need: see test/README.md.
const ring = (
  name: string,
  timeout: number,
  globalSetup: string[] = [],
  profile: 'embedded' | 'distributed' = 'embedded',
) => ({
  extends: true as const,
  test: {
    name: profile === 'embedded' ? name : `${name}, ${profile}`,
    globalSetup,
    env: { TERSOR_TEST_PROFILE: profile },
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
  },
})

const SERVERS = ['./test/support/test-servers.ts']

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // A second, the default, is what a loaded machine takes for nothing.
    expect: { poll: { timeout: 15_000 } },
    env: { ORT_DISABLE_TELEMETRY: '1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    reporters: ['default', new ClosingLine()],
    projects: [
      ring('unit', 60_000),
      ring('engine', 120_000),
      ring('contract', 120_000, SERVERS),
      ring('http', 60_000),
      ring('http', 120_000, SERVERS, 'distributed'),
      ring('acceptance', 240_000),
      ring('acceptance', 480_000, SERVERS, 'distributed'),
    ],
  },
})
