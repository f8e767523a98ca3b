// Reads the trace that onnxruntime writes of a session: which provider ran each node.

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
  readonly args?: {
    readonly op_name?: string
    readonly node_index?: string
    readonly provider?: string
  }
}

/** Copies between devices, which the runtime adds, are no nodes of the model. */
const COPIES = /^Memcpy/
const KERNEL = /_kernel_time$/

/** The one trace in this folder. A node that ran several times, as in a loop, is told once. */
export async function readTrace(folder: string): Promise<NodeRun[]> {
  const [file] = await readdir(folder)
  if (file === undefined) return []
  const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly TraceEvent[]
  const runs = new Map<string, NodeRun>()
  for (const { cat, name = '', args } of events) {
    const { op_name: opType, provider } = args ?? {}
    if (cat !== 'Node' || !KERNEL.test(name) || opType === undefined || provider === undefined) {
      continue
    }
    if (COPIES.test(opType)) continue
    const node = name.replace(KERNEL, '')
    runs.set(`${args?.node_index ?? ''} ${name}`, {
      node,
      opType,
      provider: PROVIDER_NAMES[provider] ?? provider,
    })
  }
  return [...runs.values()]
}
