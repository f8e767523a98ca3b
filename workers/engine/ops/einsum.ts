// Einsum: which letters are summed, and its gradient, which is an Einsum with the letters of one operand and the result swapped.

import { stringAttribute } from '#src/onnx/ir/attribute'
import type { Node } from '#src/onnx/ir/node'
import type { AxesRule } from './axis-context.ts'
import type { GradientCall, GradientRecipe } from './gradient-call.ts'
import { refuse } from './gradient-call.ts'
import { inputShape } from './pass-axes.ts'

export interface Equation {
  readonly operands: readonly string[]
  readonly result: string
}

/** The equation with its result spelled out: without `->`, the letters that occur once, in order. */
export function equationOf(node: Node): Equation {
  const text = node.string('equation', '').replaceAll(' ', '')
  const [left = '', right] = text.split('->')
  const operands = left.split(',')
  if (right !== undefined) return { operands, result: right }
  const letters = left.replaceAll(/[,.]/g, '').split('')
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter))
  const ellipsis = left.includes('...') ? '...' : ''
  return { operands, result: ellipsis + once.sort().join('') }
}

function repeats(letters: string): boolean {
  return new Set(letters).size < letters.length
}

export const einsumGradient: GradientRecipe = (g, call) => {
  const dy = call.dy(0)
  if (dy === null) return []
  const { operands, result } = equationOf(call.node)
  if (operands.some((letters) => letters.includes('.')))
    refuse(call, 'the equation has an ellipsis')
  return operands.map((letters, index) => {
    if (!call.wants(index)) return null
    const others = operands.flatMap((_, other) => (other === index ? [] : [other]))
    checkLetters(call, letters, [result, ...others.map((other) => operands[other] ?? '')])
    const terms = [result, ...others.map((other) => operands[other] ?? '')]
    const equation = `${terms.join(',')}->${letters}`
    const inputs = [dy, ...others.map((other) => call.x(other))]
    return g.op('Einsum', inputs, [stringAttribute('equation', equation)])
  })
}

/** A letter twice in one operand is a diagonal; a letter nowhere else is a sum over that operand alone. */
function checkLetters(call: GradientCall, letters: string, elsewhere: readonly string[]): void {
  if (repeats(letters)) refuse(call, `'${letters}' takes a diagonal`)
  const lost = letters.split('').find((letter) => !elsewhere.some((term) => term.includes(letter)))
  if (lost !== undefined) refuse(call, `'${lost}' is summed over one operand alone`)
}

/** Axes of one letter are the same; a letter summed in one operand alone stays whole. */
export const einsumAxes: AxesRule = (context) => {
  const { operands, result } = withoutEllipsis(
    equationOf(context.node),
    context.node.inputs.map((_, input) => inputShape(context, input).length),
  )
  const places = operands.flatMap((letters, input) =>
    letters.split('').map((letter, axis) => ({ letter, input, axis })),
  )
  for (const letter of new Set(places.map((place) => place.letter))) {
    const own = places.filter((place) => place.letter === letter)
    const labels = own
      .filter(({ input, axis }) => inputShape(context, input)[axis] !== 1)
      .map(({ input, axis }) => context.input(input, axis))
    const first = labels[0]
    if (first === undefined) continue
    for (const other of labels.slice(1)) context.tie(first, other)
    const axis = result.indexOf(letter)
    if (axis >= 0) context.output(0, axis, first)
    else if (own.length === 1) context.freeze(first, 'summed over')
  }
}

/** Digits are no letters of an equation: they stand for the axes of an ellipsis, counted from the right as broadcasting does. */
const DIGITS = '9876543210'

/** The equation with a digit for each axis of an ellipsis. */
export function withoutEllipsis(
  { operands, result }: Equation,
  ranks: readonly number[],
): Equation {
  const spelled = (letters: string, rank: number) => {
    const count = rank - letters.replace('...', '').length
    return letters.replace('...', count > 0 ? DIGITS.slice(-count) : '')
  }
  const all = operands.map((letters, input) => spelled(letters, ranks[input] ?? 0))
  const widest = Math.max(0, ...all.map((letters) => letters.replaceAll(/\D/g, '').length))
  const rank = result.replace('...', '').length + widest
  return { operands: all, result: spelled(result, rank) }
}
