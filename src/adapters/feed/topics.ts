// Who listens to what within one process.

import type { FeedMessage } from '#src/ports/progress-feed'

type Handler = (message: FeedMessage) => void

export class Topics {
  readonly #handlers = new Map<string, Set<Handler>>()
  readonly #onError: (error: unknown) => void

  /** @param onError told what a handler threw: neither the publisher nor the other handlers are. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Call the result to stop. */
  listen(topic: string, handler: Handler): () => void {
    // Its own function, so that one handler given twice listens twice.
    const own: Handler = (message) => handler(message)
    const handlers = this.#handlers.get(topic) ?? new Set()
    this.#handlers.set(topic, handlers.add(own))
    return () => {
      handlers.delete(own)
      if (handlers.size === 0 && this.#handlers.get(topic) === handlers) {
        this.#handlers.delete(topic)
      }
    }
  }

  has(topic: string): boolean {
    return this.#handlers.has(topic)
  }

  deliver(topic: string, message: FeedMessage): void {
    for (const handler of this.#handlers.get(topic) ?? []) {
      try {
        handler(message)
      } catch (error) {
        this.#onError(error)
      }
    }
  }

  clear(): void {
    this.#handlers.clear()
  }
}
