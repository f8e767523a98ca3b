// A placement, and the model in the form that it needs: transposed convolutions on integers become convolutions.

import type { Model } from '#src/onnx/ir/model'
import type { Node } from '#src/onnx/ir/node'
import type { Placement, StaticPlacementName } from './place.ts'
import { place, withCarriers } from './place.ts'
import type { QuantizationSites } from './quantization-sites.ts'
import { resultOf } from './quantization-sites.ts'
import type { Ranges } from './quantize-result.ts'
import { TRANSPOSED_CONVOLUTION_KERNEL, writeAsConvolution } from './transposed-convolution.ts'

export interface FormedPlacement {
  readonly sites: QuantizationSites
  readonly placement: Placement
  readonly ranges: Ranges
}

/** Changes the model in place. `sitesOf`: what it has kernels for, as it stands. */
export function placeInForm(
  name: StaticPlacementName,
  model: Model,
  ranges: Ranges,
  sitesOf: () => QuantizationSites,
): FormedPlacement {
  const sites = sitesOf()
  const placement = place(name, model, sites)
  const transposed = [...placement.integer].filter((node) => isTransposed(node, sites))
  if (transposed.length === 0) return { sites, placement, ranges }
  const known = new Map(ranges)
  for (const node of transposed) {
    const site = sites.integer.get(node)
    const result = site === undefined ? null : resultOf(node, site)
    if (site === undefined || result === null) continue
    const range = ranges.get(result.name)
    const phased = writeAsConvolution(model, node, site, sites.facts)
    if (range !== undefined) known.set(phased, range)
  }
  const formed = sitesOf()
  return { sites: formed, placement: withCarriers(placement, formed), ranges: known }
}

function isTransposed(node: Node, sites: QuantizationSites): boolean {
  return sites.integer.get(node)?.kernel === TRANSPOSED_CONVOLUTION_KERNEL
}
