// Wakes sleepers of this process.

export interface Listener {
  /** Resolves at the first ring since `listen`, after `timeoutMs` (null: never by time), or when `signal` aborts. */
  wait(timeoutMs: number | null, signal: AbortSignal): Promise<void>
}

/** The longest delay that setTimeout can take. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

export class Bell {
  readonly #sleepers = new Set<() => void>()
  #rings = 0

  ring(): void {
    this.#rings += 1
    for (const wake of this.#sleepers) wake()
  }

  listen(): Listener {
    const heard = this.#rings
    return {
      wait: (timeoutMs, signal) => {
        if (this.#rings !== heard || signal.aborted) return Promise.resolve()
        return new Promise((resolve) => {
          const wake = (): void => {
            clearTimeout(timer)
            signal.removeEventListener('abort', wake)
            this.#sleepers.delete(wake)
            resolve()
          }
          const timer =
            timeoutMs === null
              ? undefined
              : setTimeout(wake, Math.min(timeoutMs + 1, LONGEST_TIMEOUT))
          signal.addEventListener('abort', wake)
          this.#sleepers.add(wake)
        })
      },
    }
  }
}
