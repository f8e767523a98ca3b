// What the worker and its sandboxed children say to each other. Children get file paths and plain data, never secrets.

import type { ErrorCode } from '#src/domain/errors'
import type { DatasetRecord } from '#src/domain/records'
import type { Report } from '#src/domain/report'
import type { Accelerator } from '#src/recipes/accelerator'
import type { DatasetRole, JobSpec } from '#src/recipes/job-spec'

/** A dataset's bytes as a local file, read-only. */
export interface DatasetFile {
  readonly path: string
  readonly record: DatasetRecord
}

export interface ModelFile {
  readonly path: string
  readonly container: 'onnx' | 'zip'
}

/** A checkpoint of one of the job's trainings as a local file. */
export interface CheckpointFile {
  /** 0, 1, … in the order of the job. */
  readonly training: number
  readonly step: number
  readonly path: string
  /** Of the bytes that were stored, hex. */
  readonly sha256: string
}

/** Runs the whole job: steps, evaluation, report. Everything it writes lies under `scratch`. */
export interface CompressRequest {
  readonly task: 'compress'
  readonly job: string
  readonly spec: JobSpec
  readonly model: ModelFile
  /** Other models that steps name, by id. */
  readonly others: Readonly<Record<string, ModelFile>>
  readonly datasets: Readonly<Record<DatasetRole, DatasetFile | null>>
  readonly scratch: string
  readonly tersorVersion: string
  /** What the worker found to work when it started. */
  readonly accelerators: readonly Accelerator[]
  /** The child before this one died by itself. */
  readonly crashed: boolean
  /** What the attempt may take. */
  readonly seconds: number
  /** Names of trials during which an earlier child died by itself. */
  readonly lethal: readonly string[]
  /** Of the job: model, data, steps and versions. */
  readonly fingerprint: string
  readonly checkpoints: {
    /** 0: none are written. */
    readonly everySeconds: number
    /** Writing them takes no more than this share of the time: where it is slow, they are fewer. */
    readonly costShare: number
    readonly found: readonly CheckpointFile[]
  }
}

/** Loads and runs one model alone, to learn the peak memory it needs. */
export interface ProbeRequest {
  readonly task: 'probe'
  readonly model: string
  readonly provider: Accelerator
  /** Concrete shape per input for one inference. */
  readonly inputs: Readonly<
    Record<string, { readonly dtype: string; readonly shape: readonly number[] }>
  >
  readonly threads: number
  readonly runs: number
}

/** Runs a tiny model on one accelerator, to learn whether it works here. */
export interface AcceleratorRequest {
  readonly task: 'accelerator'
  readonly accelerator: Accelerator
}

export type ChildRequest = CompressRequest | ProbeRequest | AcceleratorRequest

/** Sent behind a CompressRequest: a training is to write a checkpoint now. */
export interface CheckpointAsk {
  readonly task: 'checkpoint'
}

/** What a child is started for: it loads what that takes before the request comes. */
export type ChildTask = ChildRequest['task']

export interface CompressResult {
  readonly task: 'compress'
  /** Complete but for peak memory, which only separate processes can tell. */
  readonly report: Report
  /** Files under `scratch`, by artifact kind. */
  readonly files: readonly {
    readonly kind: 'model' | 'model_ort'
    readonly path: string
    readonly filename: string
  }[]
  /** What to measure memory with: one ProbeRequest per model. */
  readonly probes: { readonly original: ProbeRequest; readonly compressed: ProbeRequest } | null
}

export interface ProbeResult {
  readonly task: 'probe'
  readonly peakMemoryBytes: number
}

export interface AcceleratorResult {
  readonly task: 'accelerator'
  /** Empty when it works. For the operator's log: the runtime's own text. */
  readonly problem: string
}

export type ChildResult = CompressResult | ProbeResult | AcceleratorResult

export type ChildMessage =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'progress'
      readonly stage: string
      readonly step: number
      readonly steps: number
      readonly fraction: number
      readonly message: string
      /** What the step itself foresees; `null`: the share that is done tells. */
      readonly etaSeconds: number | null
    }
  | { readonly kind: 'log'; readonly line: string }
  /** A trial of a search begins: should the child die, it was in this one. */
  | { readonly kind: 'trial'; readonly name: string }
  /** A file under `scratch`, whole: the worker's to keep and to remove. */
  | {
      readonly kind: 'checkpoint'
      readonly training: number
      readonly step: number
      readonly path: string
    }
  | { readonly kind: 'done'; readonly result: ChildResult }
  | {
      readonly kind: 'failed'
      readonly code: ErrorCode
      readonly stage: string
      readonly detail: string
    }
