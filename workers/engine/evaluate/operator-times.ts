// Where the time goes in both models, by the operators that the runtime runs.

import type { OperatorTime } from '#src/domain/report'

type Times = ReadonlyMap<string, number>

/** The longest first. Empty where neither was timed. */
export function operatorTimes(original: Times, compressed: Times): OperatorTime[] {
  const operators = [...new Set([...original.keys(), ...compressed.keys()])]
  const timeOf = (times: Times, operator: string): number | null => {
    return times.size === 0 ? null : (times.get(operator) ?? 0)
  }
  const longest = ({ original_ms: one, compressed_ms: other }: OperatorTime): number => {
    return Math.max(one ?? 0, other ?? 0)
  }
  return operators
    .map((operator) => ({
      operator,
      original_ms: timeOf(original, operator),
      compressed_ms: timeOf(compressed, operator),
    }))
    .toSorted((one, other) => longest(other) - longest(one))
}
