// What options of pruning say together: how much goes, in how many rounds, ranked by what.

export function saysOneAmount(step: Readonly<Record<string, unknown>>): boolean {
  const names = ['sparsity', 'threshold', 'max_macs', 'max_parameters']
  return names.filter((name) => typeof step[name] === 'number').length <= 1
}

/** A threshold says what goes by itself: nothing is left to divide into rounds. */
export function dividesItsAmount({
  iterations,
  threshold,
}: {
  readonly iterations: number
  readonly threshold: number | null
}): boolean {
  return iterations === 1 || threshold === null
}

export function choosesByAmount({
  scope,
  threshold,
}: {
  readonly scope: unknown
  readonly threshold: number | null
}): boolean {
  return scope !== 'auto' || threshold === null
}

export const CHOSEN = {
  path: ['scope'],
  error:
    'fractions are chosen for sparsity, max_macs or max_parameters; a threshold chooses itself',
}

export function ranksOverTheModel({
  scope,
  ranked_by,
  threshold,
}: {
  readonly scope: unknown
  readonly ranked_by: string
  readonly threshold: number | null
}): boolean {
  return ranked_by === 'importance' || (scope === 'global' && threshold === null)
}

export const RANKED = {
  path: ['ranked_by'],
  error:
    'what is saved decides between layers: give scope "global" and sparsity, max_macs or max_parameters; within a layer every channel saves the same',
}

export const DIVIDED = {
  path: ['iterations'],
  error: 'several rounds divide sparsity, max_macs or max_parameters; a threshold is one amount',
}

export const ONE_AMOUNT =
  'says how much goes more than once: give one of sparsity, threshold, max_macs, max_parameters'
