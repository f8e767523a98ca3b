// Which values of a model need a range before any placement is chosen.

import type { Value } from '#src/onnx/ir/value'
import type { QuantizationSites } from './quantization-sites.ts'
import { resultOf } from './quantization-sites.ts'

/** Names of the activations that some placement may quantize, in graph order. */
export function calibratedValues({ integer, carriers }: QuantizationSites): string[] {
  const values = new Set<Value>()
  const add = (value: Value | null): void => {
    if (value !== null && value.constant === null) values.add(value)
  }
  for (const [node, site] of integer) {
    for (const index of site.activations) add(node.input(index))
    if (site.kernel.outputRange === 'observed') add(resultOf(node, site))
  }
  for (const node of carriers) {
    add(node.input(0))
    // Some have outputs beside the data, such as a mask, which nobody reads.
    for (const value of node.outputs) if (value !== null && isRead(value)) add(value)
  }
  return [...values].map(({ name }) => name)
}

function isRead({ uses, isGraphOutput }: Value): boolean {
  return uses.size > 0 || isGraphOutput
}
