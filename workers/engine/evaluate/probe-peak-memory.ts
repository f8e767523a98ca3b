// Peak resident memory of this process once it has loaded and run one model.

import { readFile } from 'node:fs/promises'
import type { DataType } from '#src/onnx/ir/data-type'
import { DATA_TYPES } from '#src/onnx/ir/data-type'
import type { Provider, Runtime } from '../runtime/runtime.ts'
import { randomFeeds } from './random-feeds.ts'

export interface MemoryProbe {
  readonly model: string
  readonly provider: Provider
  readonly inputs: Readonly<
    Record<string, { readonly dtype: string; readonly shape: readonly number[] }>
  >
  readonly threads: number
  readonly runs: number
}

/** Bytes, the interpreter's own included. @throws RuntimeRejection */
export async function probePeakMemory(probe: MemoryProbe, runtime: Runtime): Promise<number> {
  const { provider, threads } = probe
  const session = await runtime.load(probe.model, { provider, threads, optimization: 'all' })
  const shapes = Object.fromEntries(
    Object.entries(probe.inputs).map(([name, { dtype, shape }]) => [
      name,
      { dtype: knownType(dtype), shape },
    ]),
  )
  const feeds = randomFeeds(shapes)
  for (let run = 0; run < probe.runs; run += 1) await session.run(feeds)
  return await peakResidentBytes()
}

function knownType(dtype: string): DataType {
  if (!(dtype in DATA_TYPES)) throw new TypeError('the probe names an unknown type')
  return dtype as DataType
}

/** The kernel's high-water mark where there is one: it begins with this program, not with the process that started it. */
async function peakResidentBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const kib = /^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1]
  return 1024 * (kib === undefined ? process.resourceUsage().maxRSS : Number(kib))
}
