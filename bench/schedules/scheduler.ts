// Decides, from a seed, which of the things that could happen next does: a call of a port, a message, a timer.

/** A process that can die: what it waits for then never comes. */
export interface Actor {
  readonly name: string
  /** How often it is let go on, compared with others: slow processes are where races hide. */
  readonly weight: number
  alive: boolean
}

interface Point {
  readonly actor: Actor
  readonly label: string
  readonly ready: () => boolean
  readonly run: () => void
}

interface Timer {
  readonly actor: Actor
  readonly at: number
  readonly every: number | null
  readonly run: () => void
}

export interface TimerHandle {
  ref(): TimerHandle
  unref(): TimerHandle
}

const settled = setImmediate
const ALWAYS = (): boolean => true

export class Scheduler {
  readonly random: () => number
  /** Milliseconds of the simulated world. */
  now = 1_800_000_000_000
  steps = 0
  /** Every actor is as fast as any other. */
  fair = false
  /** What happened, when it is to be told. */
  readonly trace: string[] | null
  readonly #timerShare: number
  #points: Point[] = []
  readonly #timers = new Map<TimerHandle, Timer>()
  #current: Actor

  constructor(random: () => number, traced: boolean) {
    this.random = random
    this.trace = traced ? [] : null
    this.#timerShare = 0.02 + 0.3 * random() ** 2
    this.#current = { name: 'nobody', weight: 1, alive: true }
  }

  actor(name: string): Actor {
    return { name, weight: 2 ** (6 * this.random() - 3), alive: true }
  }

  /** Runs `start` as this actor; what it makes belongs to the actor. */
  start(actor: Actor, start: () => void): void {
    this.add(actor, 'starts', start)
  }

  add(actor: Actor, label: string, run: () => void, ready: () => boolean = ALWAYS): void {
    if (actor.alive) this.#points.push({ actor, label, run, ready })
  }

  /** What was sent may still arrive; everything else of it is gone. */
  kill(actor: Actor): void {
    this.note(`${actor.name} dies`)
    actor.alive = false
    this.#points = this.#points.filter((point) => point.actor.alive)
    for (const [handle, timer] of this.#timers) {
      if (!timer.actor.alive) this.#timers.delete(handle)
    }
  }

  note(text: string): void {
    this.trace?.push(text)
  }

  chance(share: number): boolean {
    return this.random() < share
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)]
  }

  /** One thing happens, and all that follows from it without asking anybody. False when nothing can. */
  async step(): Promise<boolean> {
    this.steps += 1
    const ready = this.#points.filter((point) => point.ready())
    if (ready.length === 0 || (this.#timers.size > 0 && this.chance(this.#timerShare))) {
      if (!this.#fireNext()) return false
    } else {
      const point = this.#weighted(ready)
      this.#points.splice(this.#points.indexOf(point), 1)
      this.trace?.push(`${point.actor.name}: ${point.label}`)
      this.#current = point.actor
      point.run()
    }
    await new Promise<void>((resolve) => settled(resolve))
    return true
  }

  #weighted(points: readonly Point[]): Point {
    const weight = ({ actor }: Point): number => (this.fair ? 1 : actor.weight)
    let left = this.random() * points.reduce((sum, point) => sum + weight(point), 0)
    for (const point of points) {
      left -= weight(point)
      if (left <= 0) return point
    }
    return points.at(-1)!
  }

  #fireNext(): boolean {
    let next: TimerHandle | null = null
    let at = Infinity
    for (const [handle, timer] of this.#timers) {
      if (timer.at < at) {
        next = handle
        at = timer.at
      }
    }
    if (next === null) return false
    const timer = this.#timers.get(next)!
    this.#timers.delete(next)
    if (timer.every !== null) this.#timers.set(next, { ...timer, at: at + timer.every })
    this.now = Math.max(this.now, at)
    this.trace?.push(`${timer.actor.name}: a timer`)
    this.#current = timer.actor
    timer.run()
    return true
  }

  setTimer(run: () => void, delay: number, repeats: boolean): TimerHandle {
    const handle: TimerHandle = {
      ref: () => handle,
      unref: () => handle,
    }
    const wait = Math.max(delay, 1)
    const actor = this.#current
    if (actor.alive) {
      this.#timers.set(handle, {
        actor,
        at: this.now + wait,
        every: repeats ? wait : null,
        run,
      })
    }
    return handle
  }

  clearTimer(handle: TimerHandle): void {
    this.#timers.delete(handle)
  }
}
