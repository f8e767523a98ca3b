// What one operator needs when the model moves from the opset before `opset` to `opset`.

import type { Node } from '../ir/node.ts'
import type { UpgradeContext } from './upgrade-context.ts'

export interface OpUpgrade {
  /** Operators of ai.onnx it speaks for. */
  readonly operators: readonly string[]
  /** The opset whose definition the nodes follow afterwards. */
  readonly opset: number
  /** Why the newer definition cannot express this node, else `null`. Asked for all nodes before one changes. */
  readonly refuse?: (node: Node, context: UpgradeContext) => string | null
  /** What was changed in a few words, or `null` when the node reads the same in both opsets. */
  readonly apply: (node: Node, context: UpgradeContext) => string | null
}
