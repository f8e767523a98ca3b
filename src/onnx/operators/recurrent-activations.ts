// The functions that a recurrent layer names, with their parameters, and what of it has no gradient.

import type { Node } from '../ir/node.ts'

/** Of alpha and beta, as many as a function has; what a node that leaves them out gets. `none`: nothing that all agree on. */
const DEFAULTS: Readonly<Record<string, readonly (number | 'none')[]>> = {
  affine: ['none', 'none'],
  elu: [1],
  hardsigmoid: [0.2, 0.5],
  leakyrelu: [0.01],
  relu: [],
  scaledtanh: ['none', 'none'],
  sigmoid: [],
  softplus: [],
  softsign: [],
  tanh: [],
  // 1 as the standard has it; the runtime takes 0.
  thresholdedrelu: ['none'],
}

const FALLBACKS: Readonly<Record<string, readonly string[]>> = {
  GRU: ['Sigmoid', 'Tanh'],
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  RNN: ['Tanh'],
}

export interface RecurrentActivation {
  /** In lower case: names are compared so. */
  readonly name: string
  readonly alpha: number
  readonly beta: number
}

/** Those of one direction after the other. Parameters belong to the functions that have some, in order. Or why there are none. */
export function recurrentActivations(node: Node): RecurrentActivation[] | string {
  const [alphas, betas] = [floatsOf(node, 'activation_alpha'), floatsOf(node, 'activation_beta')]
  const found: RecurrentActivation[] = []
  for (const name of namesOf(node)) {
    const defaults = DEFAULTS[name.toLowerCase()]
    if (defaults === undefined) return `the activation ${name} is not known`
    const [alpha = 0, beta = 0] = defaults.map((value, index) => {
      return (index === 0 ? alphas : betas).shift() ?? value
    })
    if (alpha === 'none' || beta === 'none') return `the activation ${name} lacks parameters`
    found.push({ name: name.toLowerCase(), alpha, beta })
  }
  return found
}

/** Why a node has no gradient although its operator has one; `null`: it has one as far as the node tells. */
export function recurrentLimit(node: Node): string | null {
  if (!node.is(...Object.keys(FALLBACKS))) return null
  if (node.int('layout', 0) !== 0) return 'layout 1'
  const activations = recurrentActivations(node)
  return typeof activations === 'string' ? activations : null
}

function namesOf(node: Node): string[] {
  const attribute = node.attributes.get('activations')
  const own = attribute?.type === 'strings' ? attribute.value : []
  const decoder = new TextDecoder()
  if (own.length > 0) return own.map((bytes) => decoder.decode(bytes))
  const directions = node.string('direction', 'forward') === 'bidirectional' ? 2 : 1
  return Array.from({ length: directions }, () => FALLBACKS[node.opType] ?? []).flat()
}

function floatsOf(node: Node, name: string): number[] {
  const attribute = node.attributes.get(name)
  return attribute?.type === 'floats' ? [...attribute.value] : []
}
