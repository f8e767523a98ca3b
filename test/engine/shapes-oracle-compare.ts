// Compares inferred types with what a runtime reports or computes.

import type { ValueType } from '#src/onnx/ir/value-type'

/** A type as the runtime's metadata have it: '' is an unknown size; [] is a scalar or an unknown rank. */
export interface ReportedType {
  readonly name: string
  readonly isTensor: boolean
  readonly type?: string
  readonly shape?: readonly (number | string)[]
}

export interface Comparison {
  /** Values compared, and those of them that say the same. */
  values: number
  equal: number
  /** Values where inference knows a size, a rank or a type that the runtime does not. */
  morePrecise: number
  /** `name: what is missing`. */
  lessPrecise: string[]
  contradictions: string[]
}

export function emptyComparison(): Comparison {
  return { values: 0, equal: 0, morePrecise: 0, lessPrecise: [], contradictions: [] }
}

/** Adds one value to the comparison. `exact`: the shape was computed, so [] is a scalar. */
export function compareType(
  into: Comparison,
  inferred: ValueType | null,
  reported: ReportedType,
  exact = false,
): void {
  into.values += 1
  const told = describe(inferred, reported)
  if (!reported.isTensor) {
    if (inferred === null) into.lessPrecise.push(told)
    else if (inferred.kind === 'tensor') into.contradictions.push(told)
    else into.equal += 1
    return
  }
  if (inferred === null) {
    into.lessPrecise.push(told)
    return
  }
  if (inferred.kind !== 'tensor' && inferred.kind !== 'sparse_tensor') {
    if (inferred.kind === 'optional') into.equal += 1
    else into.contradictions.push(told)
    return
  }
  const verdicts = [dtypeVerdict(inferred.dtype, reported.type ?? '')]
  verdicts.push(...shapeVerdicts(inferred.shape, reported.shape ?? [], exact))
  if (verdicts.includes('contradiction')) into.contradictions.push(told)
  else if (verdicts.includes('less')) into.lessPrecise.push(told)
  else if (verdicts.includes('more')) into.morePrecise += 1
  else into.equal += 1
}

type Verdict = 'equal' | 'more' | 'less' | 'contradiction'

function dtypeVerdict(inferred: string, reported: string): Verdict {
  if (inferred === 'none') return 'less'
  return inferred === reported ? 'equal' : 'contradiction'
}

function shapeVerdicts(
  inferred: readonly (number | string | null)[] | null,
  reported: readonly (number | string)[],
  exact: boolean,
): Verdict[] {
  const unknownRank = reported.length === 0 && !exact
  if (inferred === null) return [unknownRank ? 'equal' : 'less']
  if (inferred.length !== reported.length) return [unknownRank ? 'more' : 'contradiction']
  return inferred.map((dim, axis) => dimVerdict(dim, reported[axis] ?? ''))
}

function dimVerdict(inferred: number | string | null, reported: number | string): Verdict {
  if (typeof reported === 'number' && reported >= 0) {
    if (typeof inferred === 'number') return inferred === reported ? 'equal' : 'contradiction'
    return 'less'
  }
  if (typeof inferred === 'number') return 'more'
  if (typeof reported === 'number' || reported === '') return inferred === null ? 'equal' : 'more'
  return inferred === null ? 'less' : 'equal'
}

function describe(inferred: ValueType | null, reported: ReportedType): string {
  const ours = inferred === null ? 'nothing' : printType(inferred)
  const theirs = reported.isTensor
    ? `${reported.type ?? ''}[${(reported.shape ?? []).map((dim) => (dim === '' ? '?' : dim)).join(',')}]`
    : 'no tensor'
  return `${reported.name}: ${ours}, runtime ${theirs}`
}

function printType(type: ValueType): string {
  if (type.kind !== 'tensor') return type.kind
  const shape = type.shape === null ? '...' : type.shape.map((dim) => dim ?? '?').join(',')
  return `${type.dtype}[${shape}]`
}
