// What a runtime asks of a quantized model. One value per target; every field answered.

import type { ActivationType } from '../activation-type.ts'
import type { PlacementName } from '../place.ts'
import type { IntegerKernel } from '../../ops/integer-kernel.ts'

export type TargetName = 'host' | 'x86' | 'x86_vnni' | 'arm' | 'xnnpack' | 'nnapi' | 'qnn' | 'mnn'

export interface QuantizationTarget {
  /** Such as what the default is. */
  readonly activations: ActivationType
  /** Largest integer of a weight. */
  readonly weightLimit: 127 | 64
  /** Operators whose weights take one scale for all channels. */
  readonly perTensor: ReadonlySet<string>
  /** What it computes on integers; `registry`: what ONNX Runtime on CPU does. */
  readonly operators: 'registry' | ReadonlySet<string>
  /** Kernels that the registry has none of, by operator: of other runtimes, or of forms that the step gives a model. */
  readonly kernels: Readonly<Record<string, IntegerKernel>>
  /** Placements to make, the first of them alone where they cannot be timed here; `timed`: all, and time decides. */
  readonly placements: 'timed' | readonly PlacementName[]
  /** Every result of an integer kernel is quantized, those of products too. */
  readonly quantizesResults: boolean
  /** Operators whose results have a scale of one over the number of integers, and the least integer for zero. */
  readonly unitScale: ReadonlySet<string>
  /** Operators whose inputs and results share scale and zero point. */
  readonly sharesScale: ReadonlySet<string>
  /** Operators that are faster where they do, and take other scales as well. */
  readonly prefersScale: ReadonlySet<string>
  /** One tensor may be read with two scales, by which HardSigmoid becomes an addition that saturates. */
  readonly gates: boolean
  /** Weights in float are stored as integers and multiplied at load. */
  readonly foldsConstants: boolean
}
