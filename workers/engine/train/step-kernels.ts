// Which kernels a step may use, and what has to be known for them.

import type { Model } from '#src/onnx/ir/model'
import { tensorType } from '#src/onnx/ir/value-type'
import { blockSizeOf } from '../blocked/block-size.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Blocked ones are laid out for a number of samples. */
export type StepKernels =
  | { readonly block: 'none' }
  | { readonly block: number; readonly batch: number }

/** What this machine has, for steps of `batch` samples. */
export async function stepKernels(runtime: Runtime, batch: number): Promise<StepKernels> {
  const block = await blockSizeOf(runtime)
  return block === 'none' ? { block } : { block, batch }
}

/** Inputs that leave their first size open take `batch` samples; those of the same size by name follow. */
export function declareBatch({ graph }: Model, batch: number): void {
  for (const input of graph.inputs) {
    const { type, initializer } = input
    const [first, ...rest] = type?.kind === 'tensor' ? (type.shape ?? []) : []
    if (initializer !== null || type?.kind !== 'tensor' || first === undefined) continue
    if (typeof first !== 'number') input.type = tensorType(type.dtype, [batch, ...rest])
  }
}
