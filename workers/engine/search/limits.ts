// What a compressed model must hold, and by how much it misses it.

export interface Limits {
  /** Of quality, in the unit of the judge. */
  readonly maxLoss: number
  /** Whether the goal names it: otherwise it is what counts as no loss, and gives way to what the goal names. */
  readonly isLossNamed: boolean
  readonly maxBytes: number | null
  readonly minSpeedup: number | null
}

export interface Figures {
  readonly bytes: number
  /** Latency of the original ÷ that of this model. */
  readonly speedup: number
  readonly loss: number
}

export interface Miss {
  readonly limit: 'maxLoss' | 'maxBytes' | 'minSpeedup'
  /** 0.1: a tenth too large, too slow; of losses, the share of what may be lost that is lost beyond it. */
  readonly by: number
}

/** Timings differ by this share from one measurement to the next: what is to hold later must hold with it. */
const NOISE = 0.02
/** A limit of no loss at all is missed in units of this. */
const LEAST_LOSS = 0.01

export function missedLimits(limits: Limits, { bytes, speedup, loss }: Figures): Miss[] {
  const { maxLoss, maxBytes, minSpeedup } = limits
  const misses: Miss[] = [
    { limit: 'maxLoss', by: (loss - maxLoss) / Math.max(maxLoss, LEAST_LOSS) },
    { limit: 'maxBytes', by: maxBytes === null ? 0 : bytes / maxBytes - 1 },
    {
      limit: 'minSpeedup',
      by: minSpeedup === null ? 0 : (minSpeedup * (1 + NOISE)) / speedup - 1,
    },
  ]
  return misses.filter(({ by }) => by > 0)
}

/** Of what the goal names. */
export function shortfall(limits: Limits, figures: Figures): number {
  const misses = missedLimits(limits, figures)
  const named = misses.filter(({ limit }) => limits.isLossNamed || limit !== 'maxLoss')
  return named.reduce((sum, { by }) => sum + by, 0)
}

function excessLoss(limits: Limits, figures: Figures): number {
  return missedLimits(limits, figures).find(({ limit }) => limit === 'maxLoss')?.by ?? 0
}

/** How many times smaller and how many times faster, as the logarithm of the product. */
export function gain({ bytes, speedup }: Figures, originalBytes: number): number {
  return Math.log(originalBytes / bytes) + Math.log(speedup)
}

/** Whoever misses less is better; of those that miss the same, whoever loses less beyond what may be lost, then whoever gains more. */
export function isBetter(
  one: Figures,
  other: Figures,
  limits: Limits,
  originalBytes: number,
): boolean {
  const nearer = shortfall(limits, other) - shortfall(limits, one)
  if (nearer !== 0) return nearer > 0
  const truer = excessLoss(limits, other) - excessLoss(limits, one)
  if (truer !== 0) return truer > 0
  return gain(one, originalBytes) > gain(other, originalBytes)
}
