import { defineConfig } from 'vitest/config'
import { ClosingLine } from './test/support/closing-line.ts'

// Rings of tests, named by what they need: see test/README.md.
const ring = (name: string, timeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
  },
})

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    env: { ORT_DISABLE_TELEMETRY: '1' },
    reporters: ['default', new ClosingLine()],
    projects: [
      ring('unit', 30_000),
      ring('engine', 60_000),
      ring('contract', 30_000),
      ring('http', 30_000),
      ring('acceptance', 120_000),
    ],
  },
})
