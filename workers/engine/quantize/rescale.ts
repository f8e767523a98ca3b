// The rescalings that options ask for, each kept where it measures better.

import type { Model } from '#src/onnx/ir/model'
import type { Declined } from '../rewrite/pass.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { FeedSource } from './activation-statistics.ts'
import { equalize } from './equalize.ts'
import { smoothQuant } from './smooth-quant.ts'
import type { StaticOptions } from './static-options.ts'
import type { Rescaling } from './try-rescaling.ts'
import { tryRescaling } from './try-rescaling.ts'

export interface Rescaled {
  /** The one given where nothing was gained. */
  readonly model: Model
  readonly equalized: readonly string[]
  readonly smoothed: readonly string[]
  readonly declined: readonly Declined[]
}

export async function rescale(
  model: Model,
  options: Pick<StaticOptions, 'equalize' | 'smoothQuant' | 'threads'>,
  excluded: ReadonlySet<string>,
  quantized: Rescaling['quantized'],
  feeds: FeedSource,
  runtime: Runtime,
): Promise<Rescaled> {
  const { threads = 1 } = options
  const run = async (of: Model, rule: Rescaling['rule'], by: typeof equalize) => {
    const apply = (changed: Model) => by(changed, excluded, feeds, runtime, threads)
    return await tryRescaling(of, { rule, apply, quantized }, feeds, runtime, threads)
  }
  const none = { scaled: [], declined: [] }
  const first = options.equalize ? await run(model, 'equalize', equalize) : { ...none, model }
  const second = options.smoothQuant
    ? await run(first.model, 'smooth-quant', smoothQuant)
    : { ...none, model: first.model }
  return {
    model: second.model,
    equalized: first.scaled,
    smoothed: second.scaled,
    declined: [...first.declined, ...second.declined],
  }
}
