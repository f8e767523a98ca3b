// The runtimes that static quantization knows the rules of, and the integers that each takes for activations, the usual ones first.

export const ACTIVATION_DTYPES = ['uint8', 'int8', 'uint16', 'int16'] as const
export type ActivationDtype = (typeof ACTIVATION_DTYPES)[number]

export const TARGETS = ['host', 'x86', 'x86_vnni', 'arm', 'xnnpack', 'nnapi', 'qnn', 'mnn'] as const
export type Target = (typeof TARGETS)[number]

type Dtypes = readonly [ActivationDtype, ...ActivationDtype[]]

/** 16 bits have integer kernels on QNN alone; with int8 weights, XNNPACK takes int8 and NNAPI uint8. */
export const TARGET_ACTIVATIONS: Readonly<Record<Target, Dtypes>> = {
  host: ['uint8', 'int8'],
  x86: ['uint8', 'int8'],
  x86_vnni: ['uint8', 'int8'],
  arm: ['int8', 'uint8'],
  xnnpack: ['int8'],
  nnapi: ['uint8'],
  qnn: ['uint8', 'uint16', 'int16'],
  mnn: ['int8'],
}

export interface TargetChoice {
  readonly target: Target
  readonly activations_dtype: ActivationDtype | 'auto'
}

export function activationsOf({ target, activations_dtype: dtype }: TargetChoice): ActivationDtype {
  return dtype === 'auto' ? TARGET_ACTIVATIONS[target][0] : dtype
}

/** Why the target does not take these activations; `none` when it does. */
export function activationsFault(choice: TargetChoice): string {
  const accepted: readonly ActivationDtype[] = TARGET_ACTIVATIONS[choice.target]
  const dtype = activationsOf(choice)
  if (accepted.includes(dtype)) return 'none'
  return `target ${choice.target} has no kernels for ${dtype} activations; it takes ${accepted.join(', ')}`
}
