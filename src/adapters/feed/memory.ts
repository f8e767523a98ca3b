// News within one process.

import type { FeedMessage, ProgressFeed } from '#src/ports/progress-feed'

export interface MemoryFeedOptions {
  /** Told what a subscriber threw: neither the publisher nor the other subscribers are. */
  readonly onError: (error: unknown) => void
}

type Handler = (message: FeedMessage) => void

export async function openMemoryFeed(options: MemoryFeedOptions): Promise<ProgressFeed> {
  const topics = new Map<string, Set<Handler>>()

  function deliver(topic: string, message: FeedMessage): void {
    for (const handler of topics.get(topic) ?? []) {
      try {
        handler(message)
      } catch (error) {
        options.onError(error)
      }
    }
  }

  return {
    async publish(message) {
      deliver(message.job, message)
      deliver('*', message)
    },
    async subscribe(job, handler) {
      // Its own function, so that subscribing one handler twice is two subscriptions.
      const own: Handler = (message) => handler(message)
      const handlers = topics.get(job) ?? new Set()
      topics.set(job, handlers.add(own))
      return () => {
        handlers.delete(own)
        if (handlers.size === 0 && topics.get(job) === handlers) topics.delete(job)
      }
    },
    async close() {
      topics.clear()
    },
  }
}
