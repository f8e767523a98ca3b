// Fire-and-forget news of a job, for streams and for waiting requests. What must not be lost is in the records.

export interface FeedMessage {
  readonly job: string
  /** `changed`: read the record. `cancel`: the worker that runs it should stop. `event`/`log`: new lines in the records. */
  readonly kind: 'changed' | 'cancel' | 'event' | 'log'
}

export interface ProgressFeed {
  publish(message: FeedMessage): Promise<void>
  /** Calls the handler for messages of one job, or of all with `*`. Resolves once subscribed; call the result to stop. */
  subscribe(job: string, handler: (message: FeedMessage) => void): Promise<() => void>
  close(): Promise<void>
}
