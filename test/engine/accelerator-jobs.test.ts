// Jobs that ask for an accelerator: what ran where, and what the report says of it.

import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import { report as reportSchema } from '#src/domain/report'
import type { Report } from '#src/domain/report'
import { toyNetwork } from '#test/support/toy-network'
import type { Behaviour } from '#test/support/pretended-runtime'
import { pretendedRuntime } from '#test/support/pretended-runtime'
import type { CompressResult } from '#workers/sandbox/protocol'
import { chooseProviders } from '#workers/steps/choose-providers'
import { LoadedModels } from '#workers/steps/loaded-models'
import type { ToyJob } from './toy-job.ts'
import { runToyJob } from './toy-job.ts'

const real = openRuntime()
const folder = { path: '' }

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-accelerator-jobs-'))
})

afterAll(() => rm(folder.path, { recursive: true, force: true }))

async function run(
  accelerator: string,
  behaviour: Behaviour,
  more: Partial<ToyJob> = {},
): Promise<CompressResult> {
  const steps = [{ type: 'simplify' }, { type: 'quantize', method: 'dynamic' }]
  const runtime = pretendedRuntime(real, { webgpu: behaviour, cuda: behaviour })
  const { result } = await runToyJob(folder.path, {
    steps,
    spec: { accelerator },
    runtime,
    ...more,
  })
  expect(reportSchema.parse(result.report)).toEqual(result.report)
  return result
}

const ON_CPU = { provider: 'cpu', nodes_by_provider: { cpu: 1 } }

function fallbackOf({ coverage, warnings }: Report): unknown {
  const warned = warnings.some(({ code }) => code === 'accelerator_fallback')
  expect(warned).toBe(coverage.fallback !== 'none')
  return coverage.fallback
}

describe('a job that names an accelerator', () => {
  test('is judged, timed and probed on it; nodes without a kernel there are counted', async () => {
    const { report, probes } = await run('webgpu', 'works')
    expect(report.coverage.provider).toBe('webgpu')
    const shares = report.coverage.nodes_by_provider!
    expect(Object.keys(shares).toSorted()).toEqual(['cpu', 'webgpu'])
    expect(shares['cpu']).toBeLessThan(0.5)
    expect(shares['cpu']! + shares['webgpu']!).toBeCloseTo(1, 12)
    expect(report.coverage.evaluation.provider).toBe('webgpu')
    expect(fallbackOf(report)).toBe('none')
    expect(probes!.original.provider).toBe('webgpu')
    expect(report.compressed.unavailable['energy_mj_per_inference']).toMatch(/do not see webgpu/)
    expect(report.original.quality!.value).toBe(1)
  })

  test.each([
    ['does not load', /webgpu: the runtime does not load the model on it/],
    ['wrong', /webgpu: its results differ from those of the CPU/],
    ['fails from the fifth run on', /webgpu: a run of the model fails on it/],
  ] as const)('that %s runs on the CPU, and the report says why', async (behaviour, reason) => {
    const { report } = await run('webgpu', behaviour)
    expect(fallbackOf(report)).toEqual({
      requested: 'webgpu',
      reason: expect.stringMatching(reason),
    })
    expect(report.coverage.evaluation).toEqual(ON_CPU)
    expect(report.coverage).toMatchObject(ON_CPU)
    expect(report.original.quality!.value).toBe(1)
    expect(report.compressed.latency_ms!.runs).toBe(10)
  })

  test('whose child died before stays on the CPU', async () => {
    const { report } = await run('cuda', 'works', { worker: { crashed: true } })
    expect(fallbackOf(report)).toEqual({
      requested: 'cuda',
      reason: expect.stringMatching(/without an answer/),
    })
    expect(report.coverage).toMatchObject(ON_CPU)
  })

  test('makes the same bytes wherever it is judged', async () => {
    const hashes = await Promise.all(
      (['cpu', 'webgpu'] as const).map(async (accelerator) => {
        const { files } = await run(accelerator, 'works')
        return createHash('sha256')
          .update(await readFile(files[0]!.path))
          .digest('hex')
      }),
    )
    expect(hashes[1]).toBe(hashes[0])
  })
})

test('a job for the CPU asks for no other provider', async () => {
  const runtime = pretendedRuntime(real, { webgpu: 'works' })
  const worker = { accelerators: ['cpu', 'webgpu'] } as const
  const { report } = await run('cpu', 'works', { runtime, worker })
  expect(fallbackOf(report)).toBe('none')
  expect(report.coverage.evaluation).toEqual(ON_CPU)
  expect(new Set(runtime.loads)).toEqual(new Set(['cpu']))
})

describe('auto', () => {
  test('leaves short work to the CPU without trying, and that is no way back', async () => {
    const runtime = pretendedRuntime(real, { webgpu: 'works' })
    const worker = { accelerators: ['cpu', 'webgpu'] } as const
    const { report } = await run('auto', 'works', { runtime, worker })
    expect(fallbackOf(report)).toBe('none')
    expect(report.coverage).toMatchObject({ ...ON_CPU, evaluation: ON_CPU })
    expect(new Set(runtime.loads)).toEqual(new Set(['cpu']))
  })

  async function choose(
    behaviours: { readonly cuda: Behaviour; readonly webgpu: Behaviour },
    milliseconds: { readonly cpu: number; readonly cuda: number; readonly webgpu: number },
  ) {
    const toy = await toyNetwork(real)
    const runtime = pretendedRuntime(real, behaviours, milliseconds)
    const models = new LoadedModels(runtime, [toy.model, toy.model], 1)
    const data = new Float32Array(3 * 16 * 16).fill(0.5)
    const chosen = await chooseProviders(models, {
      requested: 'auto',
      offered: ['cpu', 'cuda', 'webgpu'],
      crashed: false,
      feeds: { x: { dtype: 'float32', dims: [1, 3, 16, 16], data } },
      runs: 1000,
      log: () => undefined,
    })
    await models.release()
    return chosen
  }

  const fast = { cuda: 'works', webgpu: 'works' } as const

  test('judges on the first accelerator that is faster than the CPU, and times on the CPU', async () => {
    const chosen = await choose(fast, { cpu: 80, cuda: 0, webgpu: 0 })
    expect(chosen).toEqual({ evaluation: 'cuda', timing: 'cpu', fallback: 'none' })
    const second = await choose(fast, { cpu: 80, cuda: 240, webgpu: 0 })
    expect(second).toEqual({ evaluation: 'webgpu', timing: 'cpu', fallback: 'none' })
  })

  test('takes the CPU where nothing is faster', async () => {
    const chosen = await choose(fast, { cpu: 5, cuda: 120, webgpu: 120 })
    expect(chosen).toEqual({ evaluation: 'cpu', timing: 'cpu', fallback: 'none' })
  })

  test('says why where an accelerator of the worker could not be used', async () => {
    const broken = { cuda: 'does not load', webgpu: 'wrong' } as const
    const chosen = await choose(broken, { cpu: 80, cuda: 0, webgpu: 0 })
    expect(chosen).toMatchObject({ evaluation: 'cpu', timing: 'cpu' })
    expect(chosen.fallback).toEqual({
      requested: 'auto',
      reason:
        'cuda: the runtime does not load the model on it; webgpu: its results differ from those of the CPU',
    })
  })
})
