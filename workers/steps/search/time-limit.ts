// How long a search may go on: what is in hand must be measured and stored before the job's time is over.

/** Share of the job's time that trials may take. */
const SHARE = 0.6
/** What a step foresees in its first seconds is a guess. */
const GUESSES_SECONDS = 5
const DOUBT = 1.2

export class OutOfTime extends Error {
  constructor() {
    super('the trial would outlast the time of the search')
    this.name = 'OutOfTime'
  }
}

export class TimeLimit {
  readonly #end: number
  #trial: number

  /** @param seconds of the whole job, from now on */
  constructor(seconds: number) {
    this.#trial = performance.now()
    this.#end = this.#trial + SHARE * seconds * 1000
  }

  isOver(): boolean {
    this.#trial = performance.now()
    return this.#trial >= this.#end
  }

  /** @throws OutOfTime when the time is over, or will be: `etaSeconds` is what a step foresees */
  check(etaSeconds?: number): void {
    const now = performance.now()
    if (now >= this.#end) throw new OutOfTime()
    if (etaSeconds === undefined || now - this.#trial < GUESSES_SECONDS * 1000) return
    if (now + etaSeconds * 1000 > now + DOUBT * (this.#end - now)) throw new OutOfTime()
  }
}
