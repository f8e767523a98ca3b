// The targets: which integers each takes, and what it computes with them. Facts are of each provider's support checks in ONNX
// Runtime, and of the converter of MNN; docs/decisions/0013-quantization-targets.md names them.

import { SILU, SILU_KERNEL } from '../silu.ts'
import { TRANSPOSED_CONVOLUTION_KERNEL } from '../transposed-convolution.ts'
import { foreignKernels } from './foreign-kernels.ts'
import type { QuantizationTarget, TargetName } from './target.ts'

const NONE: ReadonlySet<string> = new Set()

/** ONNX Runtime on the CPU of this machine. */
const HOST: QuantizationTarget = {
  activations: 'uint8',
  weightLimit: 127,
  perTensor: NONE,
  operators: 'registry',
  kernels: { [SILU]: SILU_KERNEL, ConvTranspose: TRANSPOSED_CONVOLUTION_KERNEL },
  placements: 'timed',
  quantizesResults: false,
  unitScale: NONE,
  sharesScale: NONE,
  prefersScale: new Set(['Concat']),
  gates: true,
  foldsConstants: true,
}

/** Everything on integers that can be: what stays in float leaves the accelerator. */
const ACCELERATOR: QuantizationTarget = {
  ...HOST,
  kernels: {},
  perTensor: new Set(['Gemm', 'MatMul']),
  placements: ['whole'],
  quantizesResults: true,
  gates: false,
}

export const TARGETS: Readonly<Record<TargetName, QuantizationTarget>> = {
  host: HOST,
  // VPMADDUBSW adds two products of 8 bits in 16, and saturates; products of 7 bits fit.
  x86: { ...HOST, weightLimit: 64 },
  x86_vnni: HOST,
  // Signed by signed is what SDOT and SMMLA compute; which kernels pay cannot be timed on another processor.
  arm: { ...HOST, activations: 'int8', placements: ['all-but-first'] },
  // int8 by int8 or uint8 by uint8, never mixed; what it has no kernel for runs on the CPU provider beside it.
  xnnpack: {
    ...HOST,
    activations: 'int8',
    perTensor: new Set(['ConvTranspose']),
    kernels: foreignKernels(['ConvTranspose']),
    placements: ['whole'],
    quantizesResults: true,
  },
  // What it takes between quantizers. Softmax has a scale of 1/256; pooling keeps the scale, and so does concatenation before
  // feature level 3.
  nnapi: {
    ...ACCELERATOR,
    operators: new Set([
      'Add',
      'AveragePool',
      'Concat',
      'Conv',
      'Gemm',
      'MatMul',
      'Mul',
      'Reshape',
      'Resize',
      'Softmax',
      'Transpose',
    ]),
    unitScale: new Set(['Softmax']),
    sharesScale: new Set(['AveragePool', 'Concat']),
  },
  qnn: {
    ...ACCELERATOR,
    kernels: foreignKernels([
      'Abs',
      'Clip',
      'ConvTranspose',
      'Div',
      'Elu',
      'Exp',
      'Gelu',
      'HardSwish',
      'Max',
      'Min',
      'Neg',
      'ReduceMean',
      'Relu',
      'Resize',
      'Sqrt',
      'Sub',
      'Tanh',
    ]),
    unitScale: new Set(['Sigmoid']),
  },
  // Its integers are signed.
  mnn: { ...ACCELERATOR, activations: 'int8', perTensor: NONE, foldsConstants: false },
}
