// Peak signal-to-noise ratio in dB over all numbers of all samples: 10·log10(L² / mean squared error).

export interface PictureRun {
  /** Pictures of equal shape. */
  add(outputs: ArrayLike<number>, truth: ArrayLike<number>): void
  /** `null` when it is not finite: without error, or with outputs that are no numbers. */
  value(): number | null
}

/** @param range L: greatest minus least possible value */
export function startPeakSignalNoise(range: number): PictureRun {
  let sum = 0
  let count = 0
  return {
    add: (outputs, truth) => {
      for (let index = 0; index < truth.length; index += 1) {
        const difference = (outputs[index] ?? NaN) - truth[index]!
        sum += difference * difference
      }
      count += truth.length
    },
    value: () => {
      const ratio = 10 * Math.log10((range * range * count) / sum)
      return Number.isFinite(ratio) ? ratio : null
    },
  }
}
