// How fast a smaller model could be at most: every kernel of the original takes as much less time as it has less to do. Products have
// fewer multiply-accumulates, everything else fewer bytes to read and write. Told from the runtime's profile of the original.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { openRuntime } from '#engine/runtime/ort'
import { opRule } from '#engine/ops/registry'
import { KernelIndex, optimizedModel } from '#engine/quantize/runtime-graph'
import { labelOf } from '#engine/rewrite/pass'
import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { modelBytes } from '#src/onnx/write-model'

type Feeds = Readonly<Record<string, RuntimeTensor>>

interface Work {
  macs: number
  /** Multiply-accumulates of kernels that make 16 channels at a time, whether they are there or not. */
  vectors: number
  bytes: number
}

const VECTOR = 16
const RUNS = 20

export interface SpeedBound {
  /** Original ÷ bound. */
  readonly speedup: number
  /** Where convolutions make whole vectors of 16 channels. */
  readonly inVectors: number
}

export async function speedBound(
  original: Model,
  smaller: Model,
  feeds: Feeds,
  runtime: ReturnType<typeof openRuntime>,
): Promise<SpeedBound> {
  const [before, after] = [workOf(original, feeds), workOf(smaller, feeds)]
  const share = totalBytes(after) / totalBytes(before)
  const kernels = await timedKernels(original, feeds, runtime)
  let [whole, least, vectors] = [0, 0, 0]
  for (const { milliseconds, layers } of kernels) {
    const [own, left] = [before, after].map((work) => sumOf(layers, work))
    whole += milliseconds
    if (own === undefined || left === undefined || own.bytes === 0) {
      least += milliseconds * share
      vectors += milliseconds * share
      continue
    }
    const isProduct = own.macs > 0
    least += milliseconds * (isProduct ? left.macs / own.macs : left.bytes / own.bytes)
    vectors += milliseconds * (isProduct ? left.vectors / own.vectors : left.bytes / own.bytes)
  }
  return { speedup: whole / least, inVectors: whole / vectors }
}

/** By the label of the node. */
function workOf(model: Model, feeds: Feeds): Map<string, Work> {
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims]))
  const facts = inferTypes(model, { inputs, declaredTypes: 'ignore' })
  const bytesOf = (value: Node['inputs'][number]): number => {
    const type = value === null || value.constant !== null ? null : facts.type(value)
    const shape = type?.kind === 'tensor' ? (type.shape ?? []) : []
    return shape.reduce<number>((size, dim) => size * (typeof dim === 'number' ? dim : 1), 4)
  }
  return new Map(
    [...model.graph.nodes()].map((node): [string, Work] => {
      const rule = opRule(node)
      const macs = rule === 'unknown' || rule.macs === 'none' ? 0 : (rule.macs(node, facts) ?? 0)
      const bytes = [...node.inputs, ...node.outputs].reduce(
        (sum, value) => sum + bytesOf(value),
        0,
      )
      const made = node.is('Conv') ? (node.input(1)?.constant?.dims[0] ?? VECTOR) : VECTOR
      const isBlocked = node.int('group', 1) === 1 || node.int('group', 1) === made
      const filled = isBlocked ? Math.ceil(made / VECTOR) * VECTOR : made
      return [labelOf(node), { macs, vectors: (macs * filled) / made, bytes }]
    }),
  )
}

function totalBytes(work: ReadonlyMap<string, Work>): number {
  return [...work.values()].reduce((sum, { bytes }) => sum + bytes, 0)
}

function sumOf(layers: readonly string[], work: ReadonlyMap<string, Work>): Work {
  const sum: Work = { macs: 0, vectors: 0, bytes: 0 }
  for (const layer of layers) {
    const own = work.get(layer)
    sum.macs += own?.macs ?? 0
    sum.vectors += own?.vectors ?? 0
    sum.bytes += own?.bytes ?? 0
  }
  return sum
}

/** With the labels of the nodes that each stands for. */
async function timedKernels(
  model: Model,
  feeds: Feeds,
  runtime: ReturnType<typeof openRuntime>,
): Promise<{ milliseconds: number; layers: string[] }[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'tersor-bound-'))
  try {
    const optimized = await optimizedModel(model, runtime, scratch)
    const index = new KernelIndex(optimized.graph)
    const layers = new Map<Node, string[]>()
    for (const node of model.graph.nodes()) {
      const kernel = index.find(node)
      if (kernel !== null) layers.set(kernel, [...(layers.get(kernel) ?? []), labelOf(node)])
    }
    const kernels = [...optimized.graph.nodes()]
    kernels.forEach((kernel, at) => {
      kernel.name = `kernel_${at}`
    })
    const options = { threads: 1, runs: RUNS, optimization: 'disabled' } as const
    const traced = await runtime.trace(modelBytes(optimized, 'inline'), options, feeds, scratch)
    const times = new Map(traced.map((run) => [run.node, run.microseconds / 1000]))
    return kernels.map((kernel) => ({
      milliseconds: times.get(kernel.name) ?? 0,
      layers: layers.get(kernel) ?? [],
    }))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
