// Reads the trace that onnxruntime writes of a session: which provider ran each node, and how long it took.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeRun } from './runtime.ts'

const PROVIDER_NAMES: Record<string, string> = {
  CPUExecutionProvider: 'cpu',
  CUDAExecutionProvider: 'cuda',
  WebGpuExecutionProvider: 'webgpu',
}

interface TraceEvent {
  readonly cat?: string
  readonly name?: string
  /** Microseconds. */
  readonly dur?: number
  readonly args?: {
    readonly op_name?: string
    readonly node_index?: string
    readonly provider?: string
  }
}

/** Copies between devices, which the runtime adds, are no nodes of the model. */
const COPIES = /^Memcpy/
const KERNEL = /_kernel_time$/

/** The one trace in this folder, of so many runs. A node that ran several times in a run, as in a loop, is told once. */
export async function readTrace(folder: string, runs: number): Promise<NodeRun[]> {
  const [file] = await readdir(folder)
  if (file === undefined) return []
  const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly TraceEvent[]
  const nodes = new Map<string, { readonly times: number[]; readonly run: NodeRun }>()
  for (const { cat, name = '', dur = 0, args } of events) {
    const { op_name: opType, provider } = args ?? {}
    if (cat !== 'Node' || !KERNEL.test(name) || opType === undefined || provider === undefined) {
      continue
    }
    if (COPIES.test(opType)) continue
    const key = `${args?.node_index ?? ''} ${name}`
    const known = nodes.get(key)
    if (known !== undefined) {
      known.times.push(dur)
      continue
    }
    const named = PROVIDER_NAMES[provider] ?? provider
    const run = { node: name.replace(KERNEL, ''), opType, provider: named, microseconds: 0 }
    nodes.set(key, { times: [dur], run })
  }
  return [...nodes.values()].map(({ times, run }) => {
    return { ...run, microseconds: timePerRun(times, runs) }
  })
}

/** Where loops turn a different number of times in each run, the mean. */
function timePerRun(times: readonly number[], runs: number): number {
  const turns = times.length / runs
  if (!Number.isInteger(turns)) return times.reduce((sum, time) => sum + time, 0) / runs
  const sums = Array.from({ length: runs }, (_, run) => {
    return times.slice(run * turns, (run + 1) * turns).reduce((sum, time) => sum + time, 0)
  })
  const counted = (runs > 1 ? sums.slice(1) : sums).toSorted((one, other) => one - other)
  return counted[Math.floor(counted.length / 2)] ?? 0
}
