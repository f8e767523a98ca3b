// One axis of a transposed convolution. Input i adds weight t to output s·i + t − p, so output s·q + r takes, for every t that is
// (r + p) mod s + s·m, the input q + ⌊(r + p) ÷ s⌋ − m: each remainder r is a convolution of its own.

export interface TransposedAxis {
  readonly kernel: number
  readonly stride: number
  /** Taken off the front and the back of the result. */
  readonly before: number
  readonly after: number
  /** Added at the back. */
  readonly extra: number
}

export interface Phases {
  readonly stride: number
  /** Of the convolution that all phases have in common. */
  readonly window: number
  readonly before: number
  readonly after: number
  /** By phase and element of the window: which element of the kernel it is; `null`: none. */
  readonly taps: readonly (readonly (number | null)[])[]
}

/** `null` where the result has not `stride` elements for each of the input's, or a pad of the convolution would be negative. */
export function phasesOf({ kernel, stride, before, after, extra }: TransposedAxis): Phases | null {
  if (kernel - stride - before - after + extra !== 0) return null
  const offsets = Array.from({ length: stride }, (_, phase) => {
    const own = new Map<number, number>()
    const shift = Math.floor((phase + before) / stride)
    for (let tap = (phase + before) % stride; tap < kernel; tap += stride) {
      own.set(shift - Math.floor(tap / stride), tap)
    }
    return own
  })
  const all = offsets.flatMap((own) => [...own.keys()])
  const [low, high] = [Math.min(...all), Math.max(...all)]
  if (all.length === 0 || low > 0 || high < 0) return null
  const window = high - low + 1
  const taps = offsets.map((own) => {
    return Array.from({ length: window }, (_, index) => own.get(low + index) ?? null)
  })
  return { stride, window, before: -low, after: high, taps }
}
