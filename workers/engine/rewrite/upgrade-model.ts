// Raises old models to the opset that the other passes and the quantizers are written against.

import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import type { Pass } from './pass.ts'

/** Opset 17 has every form that the runtime's fusions know (per-channel DequantizeLinear 13, HardSwish 14, LayerNormalization 17). */
export const WORKING_OPSET = 17

const WORKING_IR_VERSION = 8

export const upgradeModel: Pass = {
  name: 'upgrade-opset',
  run: (model) => {
    const report = upgradeOpset(model, WORKING_OPSET)
    model.irVersion = Math.max(model.irVersion, WORKING_IR_VERSION)
    const declined = report.refusals.map(({ node, opset, reason }) => ({
      rule: 'upgrade-opset',
      node,
      reason: `opset ${opset}: ${reason}`,
    }))
    return { applied: report.to === report.from ? 0 : 1, declined }
  },
}
