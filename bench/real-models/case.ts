// One row of the benchmark: a trained model, the data it is judged on, the figure its source states.

import type { SplitData } from './datasets/labelled-data.ts'

export type Metric = 'top1' | 'mse'

export interface ModelCase {
  /** File in models/, without .onnx. */
  readonly model: string
  readonly kind: string
  readonly metric: Metric
  /** The float32 model's score on all of its data, as documented beside it. */
  readonly documented: number
  /** `evaluation`: at most this many samples are evaluated. */
  load(folder: string, evaluation: number): Promise<SplitData>
}
