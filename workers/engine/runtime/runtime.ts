// The tensor runtime as the engine sees it: load a model, run it, ask for shapes. `ort.ts` is its one implementation.

import type { DataType } from '#src/onnx/ir/data-type'
import type { NumericArray } from '#src/onnx/ir/numeric-array'
import type { Dim } from '#src/onnx/ir/value-type'

export type TensorData = NumericArray

/** float16 and bfloat16 are Uint16Array bit patterns, bool is Uint8Array of 0 and 1; 4-bit types are packed. */
export interface RuntimeTensor {
  readonly dtype: DataType
  readonly dims: readonly number[]
  readonly data: TensorData
}

export interface RuntimeValueInfo {
  readonly name: string
  readonly dtype: DataType | 'none'
  /** `null` when the runtime does not tell. */
  readonly shape: readonly Dim[] | null
}

/** Where a session computes. Nodes that a provider has no kernel for run on the CPU; results come back as CPU tensors. */
export const PROVIDERS = ['cpu', 'cuda', 'webgpu'] as const
export type Provider = (typeof PROVIDERS)[number]

export interface LoadOptions {
  /** The CPU where left out. A provider that cannot be had is a RuntimeRejection: nothing falls back quietly. */
  readonly provider?: Provider
  readonly threads: number
  /** `disabled` runs the graph as it stands. */
  readonly optimization: 'disabled' | 'basic' | 'extended' | 'all'
  /** Writes the graph the runtime made of the model to this file. */
  readonly optimizedModelPath?: string
  /** Format of `optimizedModelPath`. */
  readonly optimizedModelFormat?: 'onnx' | 'ort'
  /** Keep freed memory for the next run; off where the peak is measured or memory is short. */
  readonly memoryArena?: boolean
  /** Plan one block for all values of a run, beside what the first run took: twice the memory. As `memoryArena` where left out. */
  readonly memoryPattern?: boolean
  readonly sessionConfig?: Readonly<Record<string, string>>
}

export interface TraceOptions extends LoadOptions {
  /** One when left out. The first of several warms up and is not counted. */
  readonly runs?: number
}

export interface RuntimeSession {
  readonly inputs: readonly RuntimeValueInfo[]
  readonly outputs: readonly RuntimeValueInfo[]
  /**
   * `outputs`: names to compute; all when left out. Floats are cast to the type that their input declares. Throws
   * RuntimeRejection.
   */
  run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    outputs?: readonly string[],
  ): Promise<Readonly<Record<string, RuntimeTensor>>>
  release(): Promise<void>
}

/** Sessions in threads of their own, which compute while the thread that asks does. */
export interface SessionThreads {
  /** Threads that this machine runs at once, the asking one among them. */
  readonly cores: number
  /** As `Runtime.load`. What is fed is copied. */
  load(model: Uint8Array, options: LoadOptions): Promise<RuntimeSession>
}

export interface Runtime {
  /** Such as `1.30.0`. */
  readonly version: string
  readonly sessionThreads: SessionThreads | 'none'
  /** A model as bytes, or a file whose external data lies beside it. Throws RuntimeRejection. */
  load(model: Uint8Array | string, options: LoadOptions): Promise<RuntimeSession>
  /**
   * Runs the model and tells where each of its nodes ran, and for how long. `scratch`: an existing folder for the runtime's trace,
   * which is removed again. Throws RuntimeRejection.
   */
  trace(
    model: Uint8Array | string,
    options: TraceOptions,
    feeds: Readonly<Record<string, RuntimeTensor>>,
    scratch: string,
  ): Promise<readonly NodeRun[]>
}

/** A node of the graph that the runtime made of the model. */
export interface NodeRun {
  readonly node: string
  readonly opType: string
  /** One of PROVIDERS, or what the runtime calls it. */
  readonly provider: string
  /** Median over the runs, of all that a loop makes of the node in one run. */
  readonly microseconds: number
}

/** The runtime refuses a model or an input. `detail` is the runtime's text: for logs, never for clients. */
export class RuntimeRejection extends Error {
  readonly stage: 'load' | 'run'
  readonly detail: string

  constructor(stage: 'load' | 'run', detail: string) {
    super(`the runtime refused to ${stage} the model`)
    this.name = 'RuntimeRejection'
    this.stage = stage
    this.detail = detail
  }
}
