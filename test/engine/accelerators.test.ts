// Sessions on other providers than the CPU. A machine without accelerators shows the ways back to the CPU; one with Vulkan
// (such as Mesa's lavapipe, docs/operations/gpu.md) shows the WebGPU provider at work as well.

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pino } from 'pino'
import { openRuntime } from '#engine/runtime/ort'
import type { Provider } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { tryProvider } from '#engine/runtime/try-provider'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { detectAccelerators } from '#workers/sandbox/detect-accelerators'
import { driverEnvironment } from '#workers/sandbox/driver-environment'
import { detectIsolation } from '#workers/sandbox/isolation'

const runtime = openRuntime()
const state: { folder: string; offered: readonly Provider[] } = { folder: '', offered: [] }

beforeAll(async () => {
  state.folder = await mkdtemp(join(tmpdir(), 'tersor-accelerators-'))
  const settings = {
    entry: join(import.meta.dirname, '../../dist/workers/sandbox/bundle/child.cjs'),
    scratch: state.folder,
    isolation: await detectIsolation(),
    maxMemoryBytes: 2 ** 32,
    memory: 'limited',
    environment: driverEnvironment(process.env),
  } as const
  const log = pino({ level: 'silent' })
  state.offered = await detectAccelerators(['cpu', 'cuda', 'webgpu'], settings, log)
}, 130_000)

afterAll(() => rm(state.folder, { recursive: true, force: true }))

const TEXT = `<ir_version: 8, opset_import: ["" : 13]>
  g (float[1, 4] x) => (float[1, 2] y, int64[2] s) <float[4, 2] w = {1, 2, 3, 4, 5, 6, 7, 8}>
  { h = Relu(x)  y = MatMul(h, w)  s = Shape(y) }`
const feeds = {
  x: { dtype: 'float32', dims: [1, 4], data: Float32Array.of(1, -1, 2, 0) },
} as const

describe('what a worker finds', () => {
  test('the CPU always works, and the children that tried the others leave nothing behind', async () => {
    expect(state.offered).toContain('cpu')
    expect(await readdir(state.folder)).toEqual([])
  })

  test.each(['cuda', 'webgpu'] as const)('%s works, or the reason is told', async (provider) => {
    const problem = await tryProvider(provider, runtime, state.folder)
    if (state.offered.includes(provider)) expect(problem).toBe('')
    else expect(problem).toMatch(/librar|adapter/i)
  })

  test('the CPU passes the trial that accelerators must pass', async () => {
    expect(await tryProvider('cpu', runtime, state.folder)).toBe('')
  })
})

describe('a session on a provider', () => {
  const options = { threads: 1, optimization: 'disabled' } as const

  test('tells which nodes ran where', async () => {
    const nodes = await runtime.trace(modelBytes(parseModel(TEXT)), options, feeds, state.folder)
    expect(nodes.map(({ opType, provider }) => [opType, provider])).toEqual([
      ['Relu', 'cpu'],
      ['MatMul', 'cpu'],
      ['Shape', 'cpu'],
    ])
    expect(await readdir(state.folder)).toEqual([])
  })

  test.each(['cuda', 'webgpu'] as const)(
    'on %s answers as the CPU does, or is refused: it never falls back quietly',
    async (provider) => {
      const model = modelBytes(parseModel(TEXT))
      const loaded = runtime.load(model, { ...options, provider })
      if (!state.offered.includes(provider)) {
        await expect(loaded).rejects.toThrow(RuntimeRejection)
        await expect(loaded).rejects.toMatchObject({ stage: 'load' })
        return
      }
      const session = await loaded
      const { y, s } = await session.run(feeds)
      expect(y).toEqual({ dtype: 'float32', dims: [1, 2], data: Float32Array.of(11, 14) })
      expect(s!.data).toEqual(BigInt64Array.of(1n, 2n))
      await session.release()
      const nodes = await runtime.trace(model, { ...options, provider }, feeds, state.folder)
      expect(nodes.find(({ opType }) => opType === 'MatMul')!.provider).toBe(provider)
    },
  )
})
