// Matrix products: every output element takes K of them, K being the contracted size.

import type { MacRule } from './mac-facts.ts'
import { inputSizes, outputSizes, product } from './mac-facts.ts'

/** The contracted axis is the last of input 0, in all quantized forms too; the last but one where FusedMatMul transposes it. */
export const matmulMacs: MacRule = (node, facts) => {
  const output = outputSizes(node, facts, 0)
  const contracted = inputSizes(node, facts, 0)?.at(node.int('transA', 0) === 0 ? -1 : -2) ?? null
  return output === null || contracted === null ? null : product(output) * contracted
}

/** `transA` makes the first axis the contracted one. */
export const gemmMacs: MacRule = (node, facts) => {
  const output = outputSizes(node, facts, 0)
  const contracted = inputSizes(node, facts, 0)?.at(node.int('transA', 0) === 0 ? -1 : 0) ?? null
  return output === null || contracted === null ? null : product(output) * contracted
}

/** com.microsoft MatMulNBits: K and N are attributes; the weight is packed. */
export const matmulNBitsMacs: MacRule = (node, facts) => {
  const input = inputSizes(node, facts, 0)
  const outputs = outputSizes(node, facts, 0)?.at(-1) ?? node.int('N', 0)
  return input === null ? null : product(input) * outputs
}

/** Einsum multiplies once per combination of all letters; the ellipsis stands for leading axes. */
export const einsumMacs: MacRule = (node, facts) => {
  const equation = node.string('equation', '').replaceAll(' ', '').split('->')[0] ?? ''
  const sizes = new Map<string, number>()
  let rest = 1
  for (const [index, term] of equation.split(',').entries()) {
    const shape = inputSizes(node, facts, index)
    if (shape === null) return null
    const [before = '', after] = term.split('...')
    const letters = before + (after ?? '')
    letters.split('').forEach((letter, at) => {
      const size = at < before.length ? shape[at] : shape[shape.length - letters.length + at]
      sizes.set(letter, Math.max(size ?? 1, sizes.get(letter) ?? 1))
    })
    if (after === undefined) continue
    rest = Math.max(rest, product(shape.slice(before.length, shape.length - after.length)))
  }
  return product([...sizes.values()]) * rest
}
