// How many directions of a layer are kept.

export type RankRule =
  | { readonly kind: 'energy'; readonly value: number }
  | { readonly kind: 'rank'; readonly value: number }

export interface ChosenRank {
  readonly rank: number
  /** Share of the energy that is kept. */
  readonly energy: number
}

/** Vector kernels work on 16 channels at a time, or on 8. */
const MULTIPLES = [16, 8] as const
/** Two layers read and write more than one: multiplications must fall to this share at most. */
const LEAST_SAVING = 0.8

/** `dims`: [outputs, inputs] of the weight. Or why the layer stays whole. */
export function chooseRank(
  energies: readonly number[],
  [outputs, inputs]: readonly [number, number],
  rule: RankRule,
): ChosenRank | string {
  const total = energies.reduce((sum, energy) => sum + energy, 0)
  if (!(total > 0)) return 'it gives nothing but zeros'
  const wanted = rule.kind === 'rank' ? rule.value : rankOfEnergy(energies, rule.value * total)
  const rank = rule.kind === 'rank' ? wanted : roundedUp(wanted)
  const share = (rank * (outputs + inputs)) / (outputs * inputs)
  if (share > LEAST_SAVING) {
    return `rank ${rank} takes ${share.toFixed(2)} of its multiplications, and two layers must take ${LEAST_SAVING} at most`
  }
  const kept = energies.slice(0, rank).reduce((sum, energy) => sum + energy, 0)
  return { rank, energy: kept / total }
}

function rankOfEnergy(energies: readonly number[], wanted: number): number {
  let sum = 0
  for (const [index, energy] of energies.entries()) {
    sum += energy
    if (sum >= wanted) return index + 1
  }
  return energies.length
}

function roundedUp(rank: number): number {
  const multiple = MULTIPLES.find((each) => rank > each / 2) ?? MULTIPLES[1]
  return Math.ceil(rank / multiple) * multiple
}
