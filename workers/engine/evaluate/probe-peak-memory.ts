// Peak memory of a process that loads and runs one model and does nothing else.

import { readFileSync } from 'node:fs'
import { randomTensor } from './random-tensor.ts'
import type { DataType } from '#src/onnx/ir/data-type'
import type { Runtime } from '../runtime/runtime.ts'

export interface ProbeSettings {
  readonly model: string
  readonly inputs: Readonly<
    Record<string, { readonly dtype: string; readonly shape: readonly number[] }>
  >
  readonly threads: number
  readonly runs: number
}

/** Bytes: the high-water mark of resident memory. To be called in a fresh process. */
export async function probePeakMemory(
  { model, inputs, threads, runs }: ProbeSettings,
  runtime: Runtime,
): Promise<number> {
  const session = await runtime.load(model, { threads, optimization: 'all' })
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }], index) => [
      name,
      randomTensor(dtype as DataType, shape, index),
    ]),
  )
  for (let run = 0; run < runs; run += 1) await session.run(feeds)
  return highWaterMark()
}

function highWaterMark(): number {
  try {
    const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kibibytes !== undefined) return Number(kibibytes) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}
