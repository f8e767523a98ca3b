// Images: sampling grids and decoding.

import { unify } from './broadcast.ts'
import type { RuleTable, ShapeRule } from './call.ts'
import { ofRank, tensor } from './fact.ts'

/** X [N, C, ...] at grid [N, out..., dimensions] → [N, C, out...]. */
const gridSample: ShapeRule = (call) => {
  const grid = call.shape(1)
  if (grid === null) return [ofRank(call.dtype(0), call.rank(0))]
  const batch = unify(call, call.dim(0, 0), grid[0] ?? null)
  return [tensor(call.dtype(0), [batch, call.dim(0, 1), ...grid.slice(1, -1)])]
}

/** Sizes [N, C, H, W] → [N, H, W, 2], or [N, C, D, H, W] → [N, D, H, W, 3]. */
const affineGrid: ShapeRule = (call) => {
  const sizes = call.sizes(1)
  if (sizes === null) return [tensor(call.dtype(0), null)]
  const [batch = null] = sizes
  return [tensor(call.dtype(0), [batch, ...sizes.slice(2), sizes.length - 2])]
}

const imageDecoder: ShapeRule = (call) => {
  const channels = call.string('pixel_format', 'RGB') === 'Grayscale' ? 1 : 3
  return [tensor('uint8', [null, null, channels])]
}

export const IMAGE_RULES: RuleTable = {
  AffineGrid: affineGrid,
  GridSample: gridSample,
  ImageDecoder: imageDecoder,
}
