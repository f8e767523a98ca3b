// What was stored in more bits than a step of weight-only quantization asked for.

import type { ReportWarning } from '#src/domain/report'
import type { QuantizeWeightOnlyStep } from '#src/recipes/quantize-weight-only'

/** `layers`: as the engine reports them. */
export function widerWarnings(step: QuantizeWeightOnlyStep, layers: unknown): ReportWarning[] {
  const asked = step.weights_dtype === 'int8' ? 8 : 4
  const stored = layers as readonly { readonly bits: number; readonly form: string }[]
  const wider = stored.filter(({ bits }) => bits > asked).length
  if (wider === 0) return []
  const detail =
    `${wider} of ${stored.length} layers are stored in 8 bits, not in ${asked}: not every operator has a form of ${asked} bits` +
    (step.format === 'auto'
      ? ', and products keep 8 where none is as fast as float here; `format` `matmul_nbits` or `qdq` stores them in fewer all the same'
      : '')
  return [{ code: 'more_bits_than_asked', detail }]
}
