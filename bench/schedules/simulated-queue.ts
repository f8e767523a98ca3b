// A queue that does whatever the port allows: entries get lost, leases end too early, anything may be served first.

import { randomUUID } from 'node:crypto'
import type { Claim, TaskKind } from '#src/ports/job-queue'
import type { Scheduler } from './scheduler.ts'

interface Entry {
  readonly kind: TaskKind
  readonly id: string
  token: string | null
  leasedUntil: number
  notBefore: number
}

export class SimulatedQueue {
  readonly #scheduler: Scheduler
  readonly #entries = new Map<string, Entry>()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  enqueue(kind: TaskKind, id: string, notBefore: number): void {
    if (this.has(kind, id)) return
    this.#entries.set(`${kind} ${id}`, { kind, id, token: null, leasedUntil: 0, notBefore })
  }

  #claimable(kind: TaskKind): Entry[] {
    const { now } = this.#scheduler
    return [...this.#entries.values()].filter(
      (entry) => entry.kind === kind && entry.notBefore <= now && entry.leasedUntil <= now,
    )
  }

  hasClaimable(kind: TaskKind): boolean {
    return this.#claimable(kind).length > 0
  }

  claim(kind: TaskKind, leaseMs: number): Claim | null {
    const entry = this.#scheduler.pick(this.#claimable(kind))
    if (entry === undefined) return null
    entry.token = randomUUID()
    entry.leasedUntil = this.#scheduler.now + leaseMs
    return { kind, id: entry.id, token: entry.token }
  }

  #held({ kind, id, token }: Claim): Entry | null {
    const entry = this.#entries.get(`${kind} ${id}`)
    return entry?.token === token ? entry : null
  }

  renew(claim: Claim, leaseMs: number): boolean {
    const entry = this.#held(claim)
    if (entry !== null) entry.leasedUntil = this.#scheduler.now + leaseMs
    return entry !== null
  }

  complete(claim: Claim): boolean {
    if (this.#held(claim) === null) return false
    return this.#entries.delete(`${claim.kind} ${claim.id}`)
  }

  release(claim: Claim, notBefore: number): boolean {
    const entry = this.#held(claim)
    if (entry === null) return false
    entry.token = null
    entry.leasedUntil = 0
    entry.notBefore = notBefore
    return true
  }

  remove(kind: TaskKind, id: string): void {
    const entry = this.#entries.get(`${kind} ${id}`)
    if (entry !== undefined && entry.leasedUntil <= this.#scheduler.now) {
      this.#entries.delete(`${kind} ${id}`)
    }
  }

  has(kind: TaskKind, id: string): boolean {
    return this.#entries.has(`${kind} ${id}`)
  }

  /** An entry is gone, claimed or not. */
  loseOne(): void {
    const key = this.#scheduler.pick([...this.#entries.keys()])
    if (key !== undefined) this.#entries.delete(key)
  }

  /** A lease ends now: two may work on the entry. */
  expireOne(): void {
    const entry = this.#scheduler.pick(
      [...this.#entries.values()].filter(({ leasedUntil }) => leasedUntil > this.#scheduler.now),
    )
    if (entry !== undefined) entry.leasedUntil = 0
  }

  loseAll(): void {
    this.#entries.clear()
  }
}
