// The learning rate of each step, as a factor of the one given.

export type ScheduleKind = 'constant' | 'cosine' | 'step' | 'one_cycle'

export interface Schedule {
  readonly kind: ScheduleKind
  /** Steps over which the rate rises from 0 in a line. */
  readonly warmUp: number
}

/** `step`: a tenth of the rate after each third. `one_cycle`: up over the first 30 %, then down to almost nothing. */
const DROP = 0.1
const RISE = 0.3
const START = 1 / 25
const END = 1e-4

/** The factor of step 0, 1, … of `steps`. */
export function rateFactor({ kind, warmUp }: Schedule, step: number, steps: number): number {
  if (step < warmUp) return (step + 1) / (warmUp + 1)
  const share = (step - warmUp) / Math.max(1, steps - warmUp)
  switch (kind) {
    case 'constant':
      return 1
    case 'cosine':
      return wave(1, 0, share)
    case 'step':
      return DROP ** Math.floor(3 * share)
    case 'one_cycle':
      return share < RISE ? wave(START, 1, share / RISE) : wave(1, END, (share - RISE) / (1 - RISE))
  }
}

/** Half a cosine wave from one value to the other. */
function wave(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2
}
