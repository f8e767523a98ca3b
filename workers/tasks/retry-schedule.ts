// When a delivery that failed is tried again: the schedule that Standard Webhooks proposes, later if the receiver asks for it.

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Waits between tries: ten tries within about 76 hours. */
export const RETRY_WAITS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const
/** Up to this share is added to a wait, so that receivers do not meet all tries at once. */
const JITTER = 0.1
const LONGEST_ASKED_MS = 24 * HOUR

/**
 * Milliseconds until the next try; `null` when there is none.
 * @param tries how many failed
 * @param askedMs what the receiver asked for with Retry-After, 0 if nothing
 * @param random 0–1
 */
export function nextWait(tries: number, askedMs: number, random: number): number | null {
  const wait = RETRY_WAITS_MS[tries - 1]
  if (wait === undefined) return null
  return Math.round(Math.max(wait, Math.min(askedMs, LONGEST_ASKED_MS)) * (1 + random * JITTER))
}

/** The header Retry-After in milliseconds from now, seconds or a date; 0 when it says nothing. */
export function retryAfterMs(header: string | readonly string[] | undefined, now: number): number {
  if (typeof header !== 'string') return 0
  const text = header.trim()
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND
  const date = Date.parse(text)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}
