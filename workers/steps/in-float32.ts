// Steps that know float32 alone on float16 models: widened before the step, and float16 again behind it.

import type { FloatNames } from '#engine/quantize/narrow-float16'
import { narrowFloat16, widened } from '#engine/quantize/narrow-float16'
import { narrowEnds } from '#engine/rewrite/widen-float16'
import type { Model } from '#src/onnx/ir/model'
import type { StepRunner } from './step-outcome.ts'

/** `narrowed`: all of the result is float16 that was; `quantized`: its inputs and outputs alone. */
export function inFloat32<Step>(
  run: StepRunner<Step>,
  result: 'narrowed' | 'quantized',
): StepRunner<Step> {
  return async (model, step, context) => {
    const known = new Map<Model, FloatNames | null>()
    const widen = (of: Model): Model => {
      known.set(of, widened(of))
      return of
    }
    const openModel = async (id: string | null): Promise<Model> =>
      widen(await context.openModel(id))
    const outcome = await run(widen(model), step, { ...context, openModel })
    const names = known.get(known.has(outcome.model) ? outcome.model : model) ?? null
    if (names === null) return outcome
    const details = { ...outcome.details, widened_from_float16: names.half.size }
    if (result === 'quantized') {
      narrowEnds(outcome.model, names.half)
      return { ...outcome, details }
    }
    const declined = await narrowFloat16(outcome.model, names, context.runtime)
    return { ...outcome, details, declined: [...outcome.declined, ...declined] }
  }
}
