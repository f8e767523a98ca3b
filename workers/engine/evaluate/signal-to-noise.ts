// Signal-to-quantization-noise ratio in dB: 10·log10(Σ y² / Σ (y − ŷ)²).

export interface NoiseRun {
  add(reference: ArrayLike<number>, actual: ArrayLike<number>): void
  /** `null` when there is no noise or no signal. */
  value(): number | null
  readonly isEqual: () => boolean
}

export function startNoise(): NoiseRun {
  let signal = 0
  let noise = 0
  return {
    add: (reference, actual) => {
      for (let index = 0; index < reference.length; index += 1) {
        const wanted = reference[index] ?? 0
        // Infinite scores, as masks write them, carry no signal.
        if (!Number.isFinite(wanted)) continue
        const difference = wanted - (actual[index] ?? NaN)
        signal += wanted * wanted
        noise += difference * difference
      }
    },
    value: () => {
      const ratio = 10 * Math.log10(signal / noise)
      return Number.isFinite(ratio) ? ratio : null
    },
    isEqual: () => noise === 0,
  }
}
