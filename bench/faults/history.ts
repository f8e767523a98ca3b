// What the clients of a fault run saw: the checker holds the service to it.

export interface AcceptedJob {
  readonly id: string
  readonly key: string
  readonly tenant: string
  /** `performance.now()` of the 201. */
  readonly acceptedAt: number
}

export interface ReceivedWebhook {
  readonly id: string
  readonly type: string
  readonly job: string
  readonly signatureValid: boolean
}

export class History {
  readonly accepted: AcceptedJob[] = []
  /** Every id that an Idempotency-Key was answered with. */
  readonly idsOfKey = new Map<string, Set<string>>()
  /** Every terminal status that was seen of a job. */
  readonly endings = new Map<string, Set<string>>()
  readonly webhooks: ReceivedWebhook[] = []
  /** Answers other than 201, with how often. */
  readonly refusals = new Map<string, number>()

  accept(job: AcceptedJob): void {
    const ids = this.idsOfKey.get(job.key) ?? new Set()
    this.idsOfKey.set(job.key, ids.add(job.id))
    if (!this.accepted.some(({ id }) => id === job.id)) this.accepted.push(job)
  }

  refuse(answer: string): void {
    this.refusals.set(answer, (this.refusals.get(answer) ?? 0) + 1)
  }

  end(job: string, status: string): void {
    const seen = this.endings.get(job) ?? new Set()
    this.endings.set(job, seen.add(status))
  }
}
