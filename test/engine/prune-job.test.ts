// Jobs with the step `prune`, as the child runs them.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pruneSensitivity } from '#src/domain/prune-sensitivity-table'
import { report as reportSchema } from '#src/domain/report'
import { sensitivityTable } from '#src/http/pages/sensitivity-table'
import { MACS, PARAMETERS } from '#test/support/toy-network'
import { runToyJob } from './toy-job.ts'

const folder = { path: '' }

beforeAll(async () => {
  folder.path = await mkdtemp(join(tmpdir(), 'tersor-prune-job-'))
})

afterAll(() => rm(folder.path, { recursive: true, force: true }))

async function run(steps: readonly unknown[], spec: Readonly<Record<string, unknown>> = {}) {
  const { result } = await runToyJob(folder.path, { steps, spec })
  expect(reportSchema.parse(result.report)).toEqual(result.report)
  return result.report
}

describe('a job that prunes channels', () => {
  test('halves the channels and says which', async () => {
    const report = await run([{ type: 'prune', method: 'channel', scope: 'layer' }])
    const { details, declined } = report.steps[0]!
    expect(details['removed']).toBe(8 + 16)
    expect(details['groups']).toMatchObject([
      { layers: ['c1'], size: 16, removed: 8 },
      { layers: ['c2'], size: 32, removed: 16 },
    ])
    // 8 channels of 3 · 3 · 3, 16 of 8 · 3 · 3, 4 of 16, and biases.
    expect(report.compressed.parameters).toBe(8 * 27 + 8 + 16 * 72 + 16 + 64 + 4)
    expect(report.compressed.macs).toBe((8 * 27 + 16 * 72) * 64 + 64)
    expect(declined).toContainEqual({
      rule: 'prune-channels',
      node: 'y',
      reason: 'y: an output of the model',
    })
  })

  test.each(['max_macs', 'max_parameters'])('keeps no more than %s allows', async (name) => {
    const step = {
      type: 'prune',
      method: 'channel',
      [name]: 0.4,
      channel_multiple: 1,
      min_channels: 1,
    }
    const { compressed } = await run([step])
    const share = name === 'max_macs' ? compressed.macs! / MACS : compressed.parameters / PARAMETERS
    expect(share).toBeLessThanOrEqual(0.4)
    expect(share).toBeGreaterThan(0.3)
  })

  test.each([
    'magnitude',
    'activation',
    'bn_scale',
    'taylor',
    'fisher',
    'hessian',
    'obs',
    'random',
  ])('ranks by %s and quantizes what is left', async (importance) => {
    const prune = { type: 'prune', method: 'channel', importance, sparsity: 0.25 }
    const report = await run([prune, { type: 'quantize', method: 'static' }])
    expect(report.steps[0]!.details['removed']).toBeGreaterThan(0)
    expect(report.steps.map(({ type }) => type)).toEqual(['prune', 'quantize'])
  })

  test('in rounds ends where one round ends, and trains what is left in each', async () => {
    const finetune = { epochs: 1, batch_size: 16 }
    const rounds = { iterations: 3, schedule: 'linear', channel_multiple: 1, min_channels: 1 }
    const step = { type: 'prune', method: 'channel', importance: 'taylor', ...rounds, finetune }
    const report = await run([step], { datasets: { train: 'dataset_0', evaluation: 'dataset_0' } })
    const { details } = report.steps[0]!
    expect(details['removed']).toBe(8 + 16)
    const kept = details['rounds'] as { macs_kept: number; removed: number; finetune: object }[]
    expect(kept.map(({ removed }) => removed)).toEqual([8, 16, 24])
    expect(kept.map(({ finetune: trained }) => trained)).toMatchObject(
      kept.map(() => ({ steps: 4 })),
    )
    expect(kept.at(-1)!.macs_kept).toBeCloseTo(report.compressed.macs! / MACS, 6)
  })

  test('chooses fractions by what is lost with each layer, and says what that is', async () => {
    const limits = { channel_multiple: 1, min_channels: 1 }
    const step = { type: 'prune', method: 'channel', scope: 'auto', max_macs: 0.5, ...limits }
    const report = await run([step])
    expect(report.compressed.macs! / MACS).toBeLessThanOrEqual(0.5)
    expect(report.compressed.macs! / MACS).toBeGreaterThan(0.4)
    const { details } = report.steps[0]!
    const { quality, groups } = pruneSensitivity.parse(details['sensitivity'])
    expect(quality).toBe(1)
    const tried = details['tried'] as readonly { scope: string; drop: number; macs_kept: number }[]
    expect(tried.map(({ scope }) => scope)).toEqual(['auto', 'layer', 'global'])
    const chosen = tried.find(({ scope }) => scope === details['scope'])!
    expect(chosen.drop).toBe(Math.min(...tried.map(({ drop }) => drop)))
    expect(chosen.macs_kept).toBeCloseTo(report.compressed.macs! / MACS, 6)
    expect(groups.map(({ layers, size }) => [layers, size])).toEqual([
      [['c1'], 16],
      [['c2'], 32],
    ])
    for (const { points } of groups) {
      expect(points.map(({ ratio }) => ratio)).toEqual([0.25, 0.5, 0.75])
      for (const point of points) expect(point.lost).toBeCloseTo(1 - point.quality!, 9)
    }
    expect(sensitivityTable(report.steps[0]!)).toMatch(/50[^<]*gone/)
  })

  test('measures with channels masked what is lost with them gone', async () => {
    const sensitivity = { ratios: [0.5], samples: 64 }
    const scope = { per_layer: { c1: 0.5 } }
    const step = {
      type: 'prune',
      method: 'channel',
      sparsity: 0,
      scope,
      sensitivity,
      repair: false,
    }
    const { compressed, steps } = await run([step])
    const { groups } = pruneSensitivity.parse(steps[0]!.details['sensitivity'])
    expect(groups.map(({ chosen }) => chosen)).toEqual([0.5, 0])
    const point = groups[0]!.points[0]!
    expect(point.output_error).toBeCloseTo(10 ** (-compressed.sqnr_db! / 20), 4)
    expect(point.quality).toBeCloseTo(compressed.quality!.value, 9)
  })

  test('measures what is lost without labels by the outputs', async () => {
    const spec = { datasets: { calibration: 'dataset_0' }, evaluation: { task: 'none' } }
    const sensitivity = { ratios: [0.5], samples: 32 }
    const report = await run([{ type: 'prune', method: 'channel', sensitivity }], spec)
    const { details } = report.steps[0]!
    const { quality, groups } = pruneSensitivity.parse(details['sensitivity'])
    expect(quality).toBeNull()
    for (const { points, chosen } of groups) {
      expect(points.map(({ lost, output_error: error }) => lost - error)).toEqual([0])
      expect(points[0]!.lost).toBeGreaterThan(0.01)
      expect(chosen).toBe(0.5)
    }
  })

  test('tells by hessian how sharply the loss bends in each layer', async () => {
    const sensitivity = { ratios: [0.5], samples: 32 }
    const step = { type: 'prune', method: 'channel', importance: 'hessian', sensitivity }
    const report = await run([step])
    const { curvature } = pruneSensitivity.parse(report.steps[0]!.details['sensitivity'])
    expect(curvature!.samples).toBe(64)
    expect(curvature!.layers.map(({ layers }) => layers)).toEqual([['c1'], ['c2'], ['y']])
    for (const { top_eigenvalue: top, reason } of curvature!.layers) {
      expect(top).toBeGreaterThan(0)
      expect(reason).toBeNull()
    }
    expect(sensitivityTable(report.steps[0]!)).toContain('top eigenvalue')
    const others = await run([{ ...step, importance: 'taylor' }])
    expect(others.steps[0]!.details['sensitivity']).toMatchObject({ curvature: null })
  })

  test('keeps no more than max_macs allows, in rounds', async () => {
    const rounds = { iterations: 2, channel_multiple: 1, min_channels: 1 }
    const { compressed } = await run([
      { type: 'prune', method: 'channel', max_macs: 0.4, ...rounds },
    ])
    expect(compressed.macs! / MACS).toBeLessThanOrEqual(0.4)
    expect(compressed.macs! / MACS).toBeGreaterThan(0.3)
  })

  test('leaves excluded layers whole', async () => {
    const step = { type: 'prune', method: 'channel', excluded_layers: ['c2'] }
    const report = await run([step])
    expect(report.compressed.parameters).toBe(PARAMETERS)
    expect(report.steps[0]!.warnings).toMatchObject([{ code: 'nothing_pruned' }])
    expect(report.steps[0]!.declined).toContainEqual({
      rule: 'prune-channels',
      node: 'c2',
      reason: 'c2: excluded',
    })
  })
})

describe('a job that masks weights', () => {
  // w1 432, w2 4608, w3 128.
  const WEIGHTS = 432 + 4608 + 128

  test.each([
    [{ scope: 'global' }, 0.5],
    [{ scope: 'layer', sparsity: 0.75 }, 0.75],
    [{ scope: { per_layer: { c2: 0.9 } }, sparsity: 0 }, (0.9 * 4608) / WEIGHTS],
    [{ importance: 'activation', sparsity: 0.3 }, 0.3],
    [{ importance: 'taylor', sparsity: 0.3 }, 0.3],
    [{ importance: 'obs', scope: 'layer', sparsity: 0.4 }, 0.4],
    [{ importance: 'obs', sparsity: 0.6, iterations: 3, schedule: 'geometric' }, 0.6],
  ])('sets a share of the weights to 0: %j', async (options, sparsity) => {
    const report = await run([{ type: 'prune', method: 'unstructured', ...options }])
    expect(report.compressed.parameters).toBe(PARAMETERS)
    expect(report.compressed.sparsity * PARAMETERS).toBeCloseTo(sparsity * WEIGHTS, -1)
    expect(report.steps[0]!.warnings).toMatchObject([{ code: 'sparsity_without_speed' }])
  })

  test.each([
    [{}, 2, 4],
    [{ n: 4, m: 8, importance: 'activation' }, 4, 8],
    [{ importance: 'obs' }, 2, 4],
    [{ importance: 'fisher', iterations: 2 }, 2, 4],
  ])('keeps n of m: %j', async (options, n, m) => {
    const report = await run([{ type: 'prune', method: 'n_m', ...options }])
    const kept = (size: number) => Math.floor(size / m) * n + Math.min(n, size % m)
    const weights = kept(3) * 144 + kept(16) * 288 + kept(32) * 4
    const zeros = report.compressed.sparsity * PARAMETERS
    expect(zeros).toBeCloseTo(WEIGHTS - weights, 3)
  })

  test.each([
    [{}, 'obs'],
    [{ threshold: 0.05 }, 'magnitude'],
    [{ importance: 'magnitude' }, 'magnitude'],
  ])('takes the importance that suits: %j', async (options, importance) => {
    const report = await run([{ type: 'prune', method: 'unstructured', ...options }])
    expect(report.steps[0]!.details).toMatchObject({ importance })
  })
})
