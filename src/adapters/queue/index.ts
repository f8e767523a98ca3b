// The drivers of JobQueue.

import type { JobQueue } from '#src/ports/job-queue'
import { openBullmqQueue } from './bullmq.ts'
import { openEmbeddedQueue } from './embedded.ts'

export const QUEUE_DRIVERS = {
  embedded: openEmbeddedQueue,
  bullmq: openBullmqQueue,
} as const satisfies Record<string, (options: never) => Promise<JobQueue>>
