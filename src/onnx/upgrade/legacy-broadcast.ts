// Until opset 6 elementwise operators broadcast only on request: `broadcast`, with the place of the second operand in `axis`. From 7 on as NumPy does.

import { intsAttribute } from '../ir/attribute.ts'
import type { Node } from '../ir/node.ts'
import type { OpUpgrade } from './op-upgrade.ts'
import type { UpgradeContext } from './upgrade-context.ts'

/** How many axes of size 1 the second operand needs behind it so that NumPy aligns it at `axis`; `null`: unknown. */
function trailingAxes(node: Node, context: UpgradeContext): number | null {
  if (node.int('broadcast', 0) === 0 || !node.attributes.has('axis')) return 0
  const first = context.rank(node.input(0))
  const second = context.rank(node.input(1))
  if (second === 0) return 0
  if (first === null || second === null) return null
  const axis = node.int('axis', 0)
  return Math.max(0, first - (axis < 0 ? axis + first : axis) - second)
}

function refuseUnknownRank(node: Node, context: UpgradeContext): string | null {
  if (trailingAxes(node, context) !== null) return null
  return 'its operands are aligned at an axis and their ranks are not known'
}

function alignLikeNumPy(node: Node, context: UpgradeContext): string | null {
  const trailing = trailingAxes(node, context) ?? 0
  const rank = context.rank(node.input(1)) ?? 0
  const had = node.attributes.delete('broadcast')
  node.attributes.delete('axis')
  if (trailing > 0) unsqueezeSecond(node, rank, trailing, context)
  return had ? 'broadcasting as NumPy does' : null
}

function unsqueezeSecond(node: Node, rank: number, count: number, context: UpgradeContext): void {
  const axes = Array.from({ length: count }, (_, index) => rank + index)
  const name = `${node.input(1)?.name ?? ''}_aligned`
  const aligned = context.insertBefore(node, 'Unsqueeze', [node.input(1)], name, [
    intsAttribute('axes', axes),
  ])
  node.setInput(1, aligned)
}

/** A slope for each channel, [C], lay along axis 1; NumPy would put it along the last one. */
function slopeAxes(node: Node, context: UpgradeContext): number | null {
  const slope = context.shape(node.input(1))
  if (slope === null) return null
  if (slope.length !== 1 || slope[0] === 1) return 0
  const rank = context.rank(node.input(0))
  return rank === null ? null : Math.max(0, rank - 2)
}

function alignSlope(node: Node, context: UpgradeContext): string | null {
  const count = slopeAxes(node, context) ?? 0
  if (count === 0) return null
  unsqueezeSecond(node, 1, count, context)
  return 'the slope lies along axis 1'
}

export const legacyBroadcastUpgrades: readonly OpUpgrade[] = [
  {
    operators: ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'Less'],
    opset: 7,
    refuse: refuseUnknownRank,
    apply: alignLikeNumPy,
  },
  {
    operators: ['PRelu'],
    opset: 7,
    refuse: (node, context) =>
      slopeAxes(node, context) === null ? 'the ranks of input and slope are not known' : null,
    apply: alignSlope,
  },
  {
    operators: ['Gemm'],
    opset: 7,
    apply: (node) => (node.attributes.delete('broadcast') ? 'broadcast dropped' : null),
  },
]
