// Einsum: the equation's letters name dimensions (numpy.einsum).

import { broadcastSizes, broadcastTwo } from './broadcast.ts'
import type { Call, RuleTable, ShapeRule } from './call.ts'
import { tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'

interface Equation {
  readonly terms: readonly string[]
  readonly output: string
}

function parseEquation(text: string): Equation {
  const [left = '', right] = text.replaceAll(' ', '').split('->')
  const terms = left.split(',')
  return { terms, output: right ?? implicitOutput(terms) }
}

/** Without an arrow: the letters that occur once, in alphabetical order, after the ellipsis. */
function implicitOutput(terms: readonly string[]): string {
  const joined = terms.join('')
  const letters = [...new Set(joined.replaceAll('.', ''))]
  const once = letters.filter((letter) => joined.split(letter).length === 2)
  return (joined.includes('...') ? '...' : '') + once.sort().join('')
}

const einsum: ShapeRule = (call) => {
  const { terms, output } = parseEquation(call.string('equation', ''))
  const sizes = new Map<string, MaybeSize>()
  let ellipsis: MaybeSize[] | null = []
  for (const [index, term] of terms.entries()) {
    const shared = readTerm(call, index, term, sizes)
    if (shared === 'unknown') ellipsis = null
    else if (ellipsis !== null) ellipsis = broadcastTwo(call, ellipsis, shared)
  }
  const shape: MaybeSize[] = []
  for (const part of output.match(/\.\.\.|./g) ?? []) {
    if (part !== '...') shape.push(sizes.get(part) ?? null)
    else if (ellipsis === null) return [tensor(call.dtype(0), null)]
    else shape.push(...ellipsis)
  }
  return [tensor(call.dtype(0), shape)]
}

/** Notes the sizes of the term's letters and returns those that the ellipsis stands for. */
function readTerm(
  call: Call,
  index: number,
  term: string,
  sizes: Map<string, MaybeSize>,
): readonly MaybeSize[] | 'unknown' {
  const shape = call.shape(index)
  const [before = '', after] = term.split('...')
  const letters = [...before, ...(after ?? '')]
  if (shape === null) return after === undefined ? [] : 'unknown'
  const hidden = shape.length - letters.length
  if (hidden < 0 || (after === undefined && hidden > 0)) {
    call.problem(`term '${term}' does not fit rank ${shape.length}`)
    return 'unknown'
  }
  for (const [position, letter] of letters.entries()) {
    const size = shape[position < before.length ? position : position + hidden] ?? null
    sizes.set(
      letter,
      sizes.has(letter) ? broadcastSizes(call, sizes.get(letter) ?? null, size) : size,
    )
  }
  return shape.slice(before.length, before.length + hidden)
}

export const EINSUM_RULES: RuleTable = { Einsum: einsum }
