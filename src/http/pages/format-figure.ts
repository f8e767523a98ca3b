// Figures as a reader likes them.

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  if (value < 1024 ** 2) return `${decimal(value / 1024, 1)} KiB`
  return value < 1024 ** 3
    ? `${decimal(value / 1024 ** 2, 2)} MiB`
    : `${decimal(value / 1024 ** 3, 2)} GiB`
}

export function count(value: number): string {
  return value.toLocaleString('en')
}

export function decimal(value: number, digits: number): string {
  return value.toFixed(digits)
}

/** A share, 0–1. */
export function percent(value: number | null): string {
  return value === null ? '–' : `${(value * 100).toFixed(1)} %`
}
