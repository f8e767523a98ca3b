// What a task makes of a model's outputs: a decision, judged against labels and against the decision of the original.

import type { DataType } from '#src/onnx/ir/data-type'
import { EvaluationMismatch } from '../evaluation-mismatch.ts'

/** An output or a field of the dataset as numbers. */
export interface Values {
  readonly dtype: DataType
  readonly dims: readonly number[]
  readonly numbers: ArrayLike<number>
}

export type NamedValues = ReadonlyMap<string, Values>

export interface TaskBatch {
  readonly samples: number
  /** What the model gave for these samples. */
  readonly outputs: NamedValues
  /** Dimensions of what it was given. */
  readonly inputs: ReadonlyMap<string, readonly number[]>
}

export interface MetricRun<Decision> {
  /** @throws EvaluationMismatch */
  add(decision: Decision, labels: NamedValues): void
  /** `null` when the samples do not determine it. */
  value(): number | null
}

export interface AgreementRun<Decision> {
  add(reference: Decision, actual: Decision): void
  /** `null` when nothing was decided. */
  value(): number | null
}

export interface EvaluationTask<Decision> {
  /** Outputs of the model that are read. */
  readonly outputs: readonly string[] | 'all'
  /** Fields of the dataset that the metric reads. */
  readonly labels: readonly string[]
  /** @throws EvaluationMismatch */
  decide(batch: TaskBatch): Decision
  /** `null` where no metric is asked for. */
  startMetric(): MetricRun<Decision> | null
  startAgreement(): AgreementRun<Decision>
}

/** @throws EvaluationMismatch */
export function valuesOf(values: NamedValues, name: string): Values {
  const found = values.get(name)
  if (found === undefined) throw new EvaluationMismatch(`there is no '${name}' to judge`)
  return found
}

export function isWhole({ dtype }: Values): boolean {
  return !dtype.startsWith('float') && dtype !== 'bfloat16'
}

export function shapeText({ dims }: Values): string {
  return `[${dims.join(', ')}]`
}

/** Where decisions are numbers, none equals another. */
export const NO_AGREEMENT: AgreementRun<unknown> = { add: () => {}, value: () => null }
