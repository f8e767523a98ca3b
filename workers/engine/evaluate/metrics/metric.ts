// What a task metric is: it takes batches of outputs with their labels and keeps only what its value needs.

export interface MetricBatch {
  readonly samples: number
  /** samples × width, row by row. */
  readonly outputs: ArrayLike<number>
  readonly width: number
  /** Whether outputs of width 1 are classes already, not scores. */
  readonly areClasses: boolean
  /** samples × labelWidth, row by row. */
  readonly labels: ArrayLike<number>
  readonly labelWidth: number
}

export interface MetricRun {
  add(batch: MetricBatch): void
  /** `null` when the samples do not determine it, such as an area under a curve of one class. */
  value(): number | null
}

export interface Metric {
  readonly higherIsBetter: boolean
  start(): MetricRun
}
