// Which form of a product pays for the number of vectors it is given: block-quantized weights are fast for a few and slow for many. Timed side by
// side with the float product, on a product of that shape alone.

import { parseModel } from '#src/onnx/text/parse-model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { modelBytes } from '#src/onnx/write-model'
import { timeInterleaved } from '../../evaluate/latency.ts'
import { randomFeeds } from '../../evaluate/random-feeds.ts'
import type { RuntimeSession } from '../../runtime/runtime.ts'
import { emitBlockedQdq, qdqConstants } from './emit-blocked-qdq.ts'
import { emitMatMulNBits, nBitsConstants } from './emit-matmul-nbits.ts'
import { packWeight } from './pack-weight.ts'
import { extremesFit } from './round-to-nearest.ts'
import { settingsOf } from './site-settings.ts'
import { WeightEmitter } from './weight-emitter.ts'
import type { WeightOnlyContext, WeightOnlyOptions } from './weight-only-options.ts'
import { matrixOf, weightSites } from './weight-sites.ts'
import { MEMORY_STORE } from './weight-store.ts'

/** `int8`: folded back to floats at load. */
export type ProductForm = 'matmul_nbits' | 'qdq' | 'int8'

export interface ChosenForm {
  readonly form: ProductForm
  /** Float time ÷ time of the form; `null` where it was not timed. */
  readonly speedups: Readonly<Record<'matmul_nbits' | 'qdq', number>> | null
}

export interface ProductShape {
  /** Vectors per run. */
  readonly vectors: number
  readonly inputs: number
  readonly outputs: number
}

/** More of them, or of outputs, take longer in proportion, whatever the form. */
const MOST_VECTORS = 512
const MOST_WEIGHTS = 2 ** 22
const TRIAL = { runs: 15, warmUp: 2, budgetMilliseconds: 300 }
/** A form may be this much slower before it counts as slower. */
const NOISE = 0.03
/** What the standard form has to be faster: the runtime fuses it to the same kernel, so that less is chance. */
const STANDARD_GAIN = 0.25

export class FormChooser {
  readonly #options: WeightOnlyOptions
  readonly #context: Pick<WeightOnlyContext, 'runtime' | 'threads'>
  readonly #chosen = new Map<string, ChosenForm>()

  constructor(options: WeightOnlyOptions, context: Pick<WeightOnlyContext, 'runtime' | 'threads'>) {
    this.#options = options
    this.#context = context
  }

  async choose(shape: ProductShape): Promise<ChosenForm> {
    const { format } = this.#options
    if (format !== 'auto') return { form: format, speedups: null }
    const vectors = Math.max(1, Math.min(shape.vectors, MOST_VECTORS))
    const most = Math.max(64, Math.floor(MOST_WEIGHTS / shape.inputs))
    const outputs = Math.min(shape.outputs, most)
    const key = `${vectors}/${shape.inputs}/${outputs}`
    const present = this.#chosen.get(key)
    if (present !== undefined) return present
    const chosen = decide(await this.#time({ vectors, inputs: shape.inputs, outputs }))
    this.#chosen.set(key, chosen)
    return chosen
  }

  async #time(shape: ProductShape): Promise<ChosenForm['speedups']> {
    const { runtime, threads } = this.#context
    const sessions: RuntimeSession[] = []
    try {
      for (const form of ['float', 'matmul_nbits', 'qdq'] as const) {
        const bytes = productBytes(shape, form, this.#options)
        sessions.push(await runtime.load(bytes, { threads, optimization: 'all' }))
      }
      const { vectors, inputs } = shape
      const feeds = randomFeeds({ x: { dtype: 'float32', shape: [vectors, inputs] } })
      const timings = await timeInterleaved(
        sessions.map((session) => () => session.run(feeds)),
        TRIAL,
      )
      const [float = 0, nBits = 1, qdq = 1] = timings.map(({ p50 }) => p50)
      return { matmul_nbits: float / nBits, qdq: float / qdq }
    } finally {
      for (const session of sessions) await session.release()
    }
  }
}

export function decide(speedups: ChosenForm['speedups']): ChosenForm {
  if (speedups === null) return { form: 'matmul_nbits', speedups }
  const { matmul_nbits: nBits, qdq } = speedups
  const form = qdq > nBits * (1 + STANDARD_GAIN) ? 'qdq' : 'matmul_nbits'
  return { form: Math.max(nBits, qdq) >= 1 - NOISE ? form : 'int8', speedups }
}

function productBytes(
  { vectors, inputs, outputs }: ProductShape,
  form: 'float' | 'matmul_nbits' | 'qdq',
  options: WeightOnlyOptions,
): Uint8Array {
  const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
    product (float[${vectors}, ${inputs}] x) => (float[${vectors}, ${outputs}] y)
    <float[${inputs}, ${outputs}] w = random(1, 0.02)> { y = MatMul(x, w) }`)
  const [site] = weightSites(model, inferTypes(model), new Set()).sites
  if (site === undefined || form === 'float') return modelBytes(model)
  const { weight } = site
  const settings = settingsOf(options)
  const packed = packWeight(matrixOf(site), settings, extremesFit(settings))
  const emitter = new WeightEmitter(model, MEMORY_STORE)
  if (form === 'qdq') emitBlockedQdq(site, qdqConstants(packed, options.dtype, emitter), emitter)
  else {
    emitMatMulNBits(site, nBitsConstants(packed, emitter), options.accuracyLevel, emitter)
  }
  emitter.drop(weight)
  return modelBytes(model)
}
