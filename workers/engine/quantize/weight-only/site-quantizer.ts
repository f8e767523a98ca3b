// Quantizes one weight after the other and puts what its form needs into the graph.

import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import type { Declined } from '../../rewrite/pass.ts'
import { labelOf } from '../../rewrite/pass.ts'
import { finiteWeights } from '../quantize-weight.ts'
import { channelWeight, emitChannelWeight } from './channel-weight.ts'
import type { ChosenForm } from './choose-form.ts'
import { FormChooser } from './choose-form.ts'
import type { QdqConstants } from './emit-blocked-qdq.ts'
import { emitBlockedQdq, qdqConstants } from './emit-blocked-qdq.ts'
import { emitGatherBlockQuantized, emitGatherQdq } from './emit-lookup.ts'
import type { NBitsConstants } from './emit-matmul-nbits.ts'
import { emitMatMulNBits, nBitsConstants } from './emit-matmul-nbits.ts'
import { gptq } from './gptq.ts'
import type { Gram } from './gram-matrices.ts'
import { GramNorm } from './gram-norm.ts'
import { outputError } from './output-error.ts'
import { packWeight } from './pack-weight.ts'
import type { PackedWeight } from './packed-weight.ts'
import { fitOf, settingsOf } from './site-settings.ts'
import { WeightEmitter } from './weight-emitter.ts'
import { WeightReader, inputMajor } from './weight-matrix.ts'
import type { WeightOnlyContext, WeightOnlyOptions } from './weight-only-options.ts'
import type { WeightSite } from './weight-sites.ts'
import { matrixOf } from './weight-sites.ts'

/** A line of the step's report. */
export interface StoredLayer {
  readonly name: string
  readonly op: string
  readonly form: string
  readonly bits: number
  readonly algorithm: string
  /** `null`: one scale per output channel. */
  readonly block_size: number | null
  /** ‖W − Ŵ‖ ÷ ‖W‖. */
  readonly weight_error: number
  /** ‖X·(W − Ŵ)‖ ÷ ‖X·W‖ on the calibration data; `null` without. */
  readonly output_error: number | null
  /** Float time ÷ time of each form that was timed. */
  readonly speedups: ChosenForm['speedups']
  /** Vectors per run, for which forms were timed. */
  readonly vectors: number
}

interface Stored {
  readonly packed: PackedWeight
  readonly algorithm: string
  readonly outputError: number | null
  nBits: NBitsConstants | null
  qdq: QdqConstants | null
}

/** The opset that blocked DequantizeLinear came with. */
const BLOCKED_OPSET = 21

export class SiteQuantizer {
  readonly declined: Declined[] = []
  readonly #model: Model
  readonly #facts: TypeInference
  readonly #options: WeightOnlyOptions
  readonly #context: WeightOnlyContext
  readonly #emitter: WeightEmitter
  readonly #forms: FormChooser
  readonly #reader = new WeightReader()
  readonly #layers: StoredLayer[] = []
  /** Weights that several nodes read are stored once, by name and form. */
  readonly #stored = new Map<string, Stored>()
  #norm: GramNorm | null = null

  constructor(
    model: Model,
    facts: TypeInference,
    options: WeightOnlyOptions,
    context: WeightOnlyContext,
  ) {
    this.#model = model
    this.#facts = facts
    this.#options = options
    this.#context = context
    this.#emitter = new WeightEmitter(model, context.store)
    this.#forms = new FormChooser(options, context)
  }

  reports(): readonly StoredLayer[] {
    return this.#layers
  }

  async close(): Promise<void> {
    await this.#norm?.close()
  }

  /** `gram`: of the layer's input; `null` without data. */
  async quantize(site: WeightSite, gram: Gram | null): Promise<void> {
    const { use } = site.stored
    if (use === 'lookup') this.#lookup(site)
    else if (use === 'other') this.#perChannel(site, null)
    else await this.#product(site, gram)
  }

  async #product(site: WeightSite, gram: Gram | null): Promise<void> {
    const { columns, rows } = matrixOf(site)
    const shape = { vectors: site.vectors, inputs: columns, outputs: rows }
    const chosen = await this.#forms.choose(shape)
    const { node } = site
    const isTooOld = chosen.form === 'qdq' && opsetVersion(this.#model) < BLOCKED_OPSET
    if (isTooOld) {
      const reason = `scales per block need opset ${BLOCKED_OPSET}; it is stored in int8`
      this.declined.push({ rule: 'weight-only', node: labelOf(node), reason })
    }
    if (chosen.form === 'int8' || isTooOld) return this.#perChannel(site, chosen.speedups)
    const { weight } = site
    const stored = await this.#store(site, gram)
    this.#report(site, chosen.form, stored, chosen.speedups)
    if (chosen.form === 'qdq') {
      stored.qdq ??= qdqConstants(stored.packed, this.#options.dtype, this.#emitter)
      emitBlockedQdq(site, stored.qdq, this.#emitter)
    } else {
      stored.nBits ??= nBitsConstants(stored.packed, this.#emitter)
      emitMatMulNBits(site, stored.nBits, this.#options.accuracyLevel, this.#emitter)
    }
    this.#emitter.drop(weight)
  }

  async #store(site: WeightSite, gram: Gram | null): Promise<Stored> {
    const matrix = matrixOf(site)
    const key = `${site.weight.name}/${matrix.order}`
    const present = this.#stored.get(key)
    if (present !== undefined) return present
    const settings = settingsOf(this.#options)
    const fit = fitOf(this.#options, settings)
    const { algorithm } = this.#options
    const isGptq = algorithm === 'gptq' && gram !== null
    const packed = isGptq
      ? gptq(inputMajor(matrix), gram.sum, matrix.rows, settings, fit, this.#options)
      : packWeight(matrix, settings, fit, gram === null ? null : energies(gram), this.#reader)
    this.#requireFinite(site, packed.energy)
    const error = gram === null ? null : await this.#outputError(site, packed, gram)
    const used = algorithm === 'gptq' && !isGptq ? 'rtn' : algorithm
    const stored: Stored = { packed, algorithm: used, outputError: error, nBits: null, qdq: null }
    if (site.weight.uses.size > 1) this.#stored.set(key, stored)
    return stored
  }

  async #outputError(site: WeightSite, packed: PackedWeight, gram: Gram): Promise<number> {
    const { runtime, threads } = this.#context
    this.#norm ??= await GramNorm.open(runtime, threads)
    return await outputError(matrixOf(site), packed, gram, this.#norm)
  }

  #lookup(site: WeightSite): void {
    const { node, weight } = site
    const { columns } = matrixOf(site)
    const isStandard = this.#options.format === 'qdq'
    let { blockSize } = this.#options
    while (blockSize >= 16 && columns % blockSize !== 0) blockSize /= 2
    const rank = this.#rank(node.input(1))
    const isOld = isStandard && opsetVersion(this.#model) < BLOCKED_OPSET
    if (blockSize < 16 || isOld || (isStandard && rank === null)) {
      const why = blockSize < 16 ? 'its rows are no whole blocks' : 'the standard form needs more'
      this.declined.push({ rule: 'weight-only', node: labelOf(node), reason: why })
      return
    }
    const own = { ...settingsOf(this.#options), blockSize }
    const settings = isStandard ? ({ ...own, bits: 8, symmetric: true } as const) : own
    const algorithm = this.#options.algorithm === 'hqq' ? 'hqq' : 'rtn'
    const fit = fitOf(this.#options, settings)
    const packed = packWeight(matrixOf(site), settings, fit, null, this.#reader)
    this.#requireFinite(site, packed.energy)
    const form = isStandard ? 'gather_dequantize' : 'gather_block_quantized'
    const stored = { packed, algorithm, outputError: null, nBits: null, qdq: null }
    this.#report(site, form, stored, null)
    if (isStandard && rank !== null) emitGatherQdq(node, rank, packed, this.#emitter)
    else emitGatherBlockQuantized(node, packed, this.#emitter)
    this.#emitter.drop(weight)
  }

  #perChannel(site: WeightSite, speedups: ChosenForm['speedups']): void {
    const { node, stored, weight } = site
    if (weight.constant === null) return
    const made = channelWeight(weight.constant, stored.channelAxis)
    this.#requireFinite(site, made.energy)
    const form = this.#options.format === 'qdq' ? 'qdq' : 'folded'
    this.#layers.push({
      name: labelOf(node),
      op: node.opType,
      form: form === 'qdq' ? 'dequantize_linear' : 'cast_scale',
      bits: 8,
      algorithm: 'rtn',
      block_size: null,
      weight_error: Math.sqrt(made.error / Math.max(made.energy, Number.MIN_VALUE)),
      output_error: null,
      speedups,
      vectors: site.vectors,
    })
    emitChannelWeight(site, made, form, this.#emitter)
  }

  #report(
    { node, vectors }: WeightSite,
    form: string,
    { packed, algorithm, outputError: error }: Stored,
    speedups: ChosenForm['speedups'],
  ): void {
    this.#layers.push({
      name: labelOf(node),
      op: node.opType,
      form,
      bits: packed.settings.bits,
      algorithm,
      block_size: packed.settings.blockSize,
      weight_error: Math.sqrt(packed.error / Math.max(packed.energy, Number.MIN_VALUE)),
      output_error: error,
      speedups,
      vectors,
    })
  }

  /** @throws OnnxError invalid_weights naming the element */
  #requireFinite({ weight }: WeightSite, energy: number): void {
    if (!Number.isFinite(energy) && weight.constant !== null) finiteWeights(weight.constant)
  }

  #rank(value: ReturnType<WeightSite['node']['input']>): number | null {
    const type = value === null ? null : this.#facts.type(value)
    return type?.kind === 'tensor' && type.shape ? type.shape.length : null
  }
}

/** What the error of each input channel's weights counts for at the output. */
function energies({ sum, size }: Gram): Float32Array {
  return Float32Array.from({ length: size }, (_, channel) => sum[channel * size + channel] ?? 0)
}
