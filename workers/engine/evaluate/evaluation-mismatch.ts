// Outputs or labels of a shape that the task cannot read, found only while running.

export class EvaluationMismatch extends Error {
  /** For the caller: names outputs, fields and shapes. */
  readonly detail: string

  constructor(detail: string) {
    super(detail)
    this.name = 'EvaluationMismatch'
    this.detail = detail
  }
}
