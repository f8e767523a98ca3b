// Looks by bisection for the largest share that can go.

export class ShareSearch {
  #low = 0
  #high = 1
  #left: number

  /** @param tries how many shares are asked for at most: the last ones lie 2^-tries apart */
  constructor(tries: number) {
    this.#left = tries
  }

  /** In (0, 1); `null` when there were enough. */
  next(): number | null {
    return this.#left === 0 ? null : (this.#low + this.#high) / 2
  }

  /** Whether the last share could go. */
  tell(couldGo: boolean): void {
    const share = (this.#low + this.#high) / 2
    if (couldGo) this.#low = share
    else this.#high = share
    this.#left -= 1
  }
}
