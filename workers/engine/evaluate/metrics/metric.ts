// What a metric is: samples go in batch by batch, one number comes out.

export interface MetricBatch {
  readonly samples: number
  /** Numbers of the judged output, sample by sample, `width` each. */
  readonly outputs: ArrayLike<number>
  readonly width: number
  /** The output holds classes, not scores. */
  readonly areClasses: boolean
  readonly labels: ArrayLike<number>
  /** Labels per sample. */
  readonly labelWidth: number
}

export interface MetricRun {
  add(batch: MetricBatch): void
  /** `null` when the samples do not determine it. */
  value(): number | null
}

export interface Metric {
  readonly higherIsBetter: boolean
  /** What it compares: classes, or the numbers themselves. Only classes can agree or not. */
  readonly compares: 'decisions' | 'numbers'
  start(): MetricRun
}
