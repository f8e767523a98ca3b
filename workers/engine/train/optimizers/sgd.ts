// Gradient descent with momentum, as PyTorch writes it: v ← μ·v + d, w ← w − rate·v (Nesterov: d + μ·v).

import type { OptimizerRule, Sgd } from './optimizer.ts'

export const SGD: OptimizerRule<Sgd> = {
  slots: ({ momentum }) => (momentum === 0 ? [] : ['velocity']),
  scalars: () => ({}),
  update: (g, { momentum, nesterov }, { weight, gradient, slots, decay, scalar }) => {
    const decayed = decay === 0 ? gradient : g.add(gradient, g.mul(weight, g.scalar(decay, weight)))
    const [kept] = slots
    if (kept === undefined) {
      return { weight: g.sub(weight, g.mul(scalar('rate'), decayed)), slots: [] }
    }
    const velocity = g.add(g.mul(kept, g.scalar(momentum, weight)), decayed)
    const direction = nesterov
      ? g.add(decayed, g.mul(velocity, g.scalar(momentum, weight)))
      : velocity
    return { weight: g.sub(weight, g.mul(scalar('rate'), direction)), slots: [velocity] }
  },
}
