// What a metric is: samples go in batch by batch, one number comes out.

import type { RuntimeTensor } from '../../runtime/runtime.ts'

/** Labels of a batch, flattened, sample by sample. */
export interface LabelBatch {
  readonly values: ArrayLike<number | bigint>
  /** Labels per sample. */
  readonly width: number
}

export interface MetricAccumulator {
  /** `output` [batch, …] belongs to `labels`, sample by sample. */
  add(output: RuntimeTensor, labels: LabelBatch): void
  value(): number
  readonly samples: number
}

export interface Metric {
  readonly name: string
  readonly higherIsBetter: boolean
  /** The metric is a share: 0–1. Drops of others are relative. */
  readonly fraction: boolean
  accumulate(): MetricAccumulator
}

/** A single score per sample is compared with this. */
export const SCORE_THRESHOLD = 0.5

/** Scores [batch, classes] as rows. */
export function rowsOf(output: RuntimeTensor): {
  readonly rows: number
  readonly width: number
  at(row: number, column: number): number
} {
  const rows = output.dims[0] ?? 1
  const width = rows === 0 ? 0 : output.data.length / rows
  const { data } = output
  return { rows, width, at: (row, column) => Number(data[row * width + column]) }
}

const INTEGER = /^u?int\d+$/

/** The class of each row: the position of the greatest score, the integer itself, or a score above one half. */
export function decisions(output: RuntimeTensor): Int32Array {
  const { rows, width, at } = rowsOf(output)
  const chosen = new Int32Array(rows)
  for (let row = 0; row < rows; row += 1) {
    if (width === 1) {
      chosen[row] = INTEGER.test(output.dtype) ? at(row, 0) : Number(at(row, 0) > SCORE_THRESHOLD)
      continue
    }
    let best = 0
    for (let column = 1; column < width; column += 1)
      if (at(row, column) > at(row, best)) best = column
    chosen[row] = best
  }
  return chosen
}
