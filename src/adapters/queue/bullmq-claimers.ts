// Those of this process who wait for work of one kind with the same capabilities: one question to Redis serves them all.

import type { Claim } from '#src/ports/job-queue'
import type { Taken } from './bullmq-lanes.ts'
import { derivedSignals } from './derived-signals.ts'

export interface ClaimersOptions {
  readonly take: (leaseMs: number) => Promise<Taken>
  /** A claim that nobody waits for any more. */
  readonly giveBack: (claim: Claim) => Promise<unknown>
  readonly onError: (error: unknown) => void
}

interface Waiter {
  readonly leaseMs: number
  readonly end: (claim: Claim | null) => void
}

/** Asked at least this often: a ring of the bell may be missed. */
const POLL_MS = 1000
const PAUSE_AFTER_ERROR_MS = 250

export class Claimers {
  readonly #options: ClaimersOptions
  readonly #waiters: Waiter[] = []
  readonly #derived = derivedSignals()
  #timer: NodeJS.Timeout | null = null
  #asking: Promise<void> | null = null
  #rung = false
  #failing = false
  #closed = false
  /** When Redis last answered while somebody waited, or somebody began to wait. */
  #heardAt = performance.now()

  constructor(options: ClaimersOptions) {
    this.#options = options
  }

  /** How long somebody has waited without an answer of Redis. */
  get silentMs(): number {
    return this.#waiters.length === 0 ? 0 : performance.now() - this.#heardAt
  }

  claim(leaseMs: number, signal: AbortSignal): Promise<Claim | null> {
    if (signal.aborted || this.#closed) return Promise.resolve(null)
    const given = this.#derived(signal)
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        waiter.end(null)
      }
      const waiter: Waiter = {
        leaseMs,
        end: (claim) => {
          given.removeEventListener('abort', giveUp)
          resolve(claim)
        },
      }
      given.addEventListener('abort', giveUp)
      if (this.#waiters.length === 0) this.#heardAt = performance.now()
      this.#waiters.push(waiter)
      this.ring()
    })
  }

  /** Something may have become claimable. */
  ring(): void {
    this.#rung = true
    if (this.#waiters.length === 0 || this.#closed) return
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
      // Somebody came between the last answer and now.
      if (this.#rung) this.ring()
    })
  }

  /** Ends all that wait; resolves when the last question is answered, or after this long. */
  async close(milliseconds: number): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const waiter of this.#waiters.splice(0)) waiter.end(null)
    if (this.#asking === null) return
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds)
    })
    await Promise.race([this.#asking, timeout])
    clearTimeout(timer)
  }

  async #ask(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    let pause = POLL_MS
    while (this.#waiters.length > 0) {
      this.#rung = false
      let taken: Taken
      try {
        taken = await this.#options.take(this.#waiters[0]!.leaseMs)
      } catch (error) {
        // The first of a row is enough.
        if (!this.#failing) this.#options.onError(error)
        this.#failing = true
        this.#rung = false
        pause = PAUSE_AFTER_ERROR_MS
        break
      }
      this.#heardAt = performance.now()
      this.#failing = false
      if (taken.found === 'claim') await this.#hand(taken.claim)
      if (taken.found === 'nothing' && !this.#rung) {
        pause = Math.min(taken.inMs ?? POLL_MS, POLL_MS)
        break
      }
    }
    if (this.#waiters.length > 0 && !this.#closed) {
      this.#timer = setTimeout(() => this.ring(), pause)
    }
  }

  async #hand(claim: Claim): Promise<void> {
    const waiter = this.#waiters.shift()
    if (waiter !== undefined) waiter.end(claim)
    else await this.#options.giveBack(claim).catch(this.#options.onError)
  }
}
