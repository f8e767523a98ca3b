// News within one process.

import type { ProgressFeed } from '#src/ports/progress-feed'
import { Topics } from './topics.ts'

export interface MemoryFeedOptions {
  /** Told what a subscriber threw: neither the publisher nor the other subscribers are. */
  readonly onError: (error: unknown) => void
}

export async function openMemoryFeed(options: MemoryFeedOptions): Promise<ProgressFeed> {
  const topics = new Topics(options.onError)
  return {
    async publish(message) {
      topics.deliver(message.job, message)
      topics.deliver('*', message)
    },
    async subscribe(job, handler) {
      return topics.listen(job, handler)
    },
    async close() {
      topics.clear()
    },
  }
}
