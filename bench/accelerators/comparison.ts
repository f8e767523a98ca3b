// What a child tells of one form of one model.

export interface Comparison {
  readonly outcome: 'agrees' | 'differs'
  /** dB; the CPU's outputs are the signal. */
  readonly signalToNoise: number | null
  readonly nodes: number
  /** Operators that the accelerator left to the CPU, and how many nodes that were. */
  readonly left: readonly string[]
  readonly leftNodes: number
  /** Medians, milliseconds; the first run on the accelerator compiles its kernels. */
  readonly cpuMs: number
  readonly firstMs: number
  readonly ms: number
}

export type Outcome = Comparison | { readonly outcome: 'not run' | 'crash'; readonly note: string }
