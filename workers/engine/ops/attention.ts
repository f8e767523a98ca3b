// Attention as one operator.

import { attentionMacs } from '#src/onnx/macs/attention'
import { attentionAxes, rotaryAxes } from './attention-axes.ts'
import { attentionGradient, rotaryGradient } from './attention-gradient.ts'
import type { OpTable } from './op.ts'
import { OPAQUE } from './op.ts'

export const ATTENTION_OPS: OpTable = {
  Attention: { ...OPAQUE, macs: attentionMacs, axes: attentionAxes, gradient: attentionGradient },
  RotaryEmbedding: { ...OPAQUE, axes: rotaryAxes, gradient: rotaryGradient },
}
