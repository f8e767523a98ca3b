// One derived signal per signal: each AbortSignal.any leaves a trace on its sources for as long as they live.

import { setMaxListeners } from 'node:events'

/** Gives the signal that aborts with the given one or with any of `others`; many may listen to it. */
export function derivedSignals(
  ...others: readonly AbortSignal[]
): (signal: AbortSignal) => AbortSignal {
  const known = new WeakMap<AbortSignal, AbortSignal>()
  return (signal) => {
    let derived = known.get(signal)
    if (derived === undefined) {
      derived = AbortSignal.any([signal, ...others])
      setMaxListeners(0, derived)
      known.set(signal, derived)
    }
    return derived
  }
}
