// Adam and AdamW: m ← β₁m + (1 − β₁)d, v ← β₂v + (1 − β₂)d², w ← w − rate·m̂ ÷ (√v̂ + ε), m̂ = m ÷ (1 − β₁ᵗ), v̂ alike.

import type { Adam, OptimizerRule } from './optimizer.ts'

export const ADAM: OptimizerRule<Adam> = {
  slots: () => ['mean', 'square'],
  scalars: ({ beta1, beta2 }, step) => ({
    mean_correction: 1 / (1 - beta1 ** step),
    square_correction: 1 / (1 - beta2 ** step),
  }),
  update: (g, optimizer, { weight, gradient, slots, decay, scalar }) => {
    const { type, beta1, beta2, epsilon } = optimizer
    const times = (factor: number) => g.scalar(factor, weight)
    const decays = decay !== 0
    const own = type === 'adam' && decays ? g.add(gradient, g.mul(weight, times(decay))) : gradient
    const [oldMean, oldSquare] = slots
    if (oldMean === undefined || oldSquare === undefined) throw new Error('Adam keeps two tensors')
    const mean = g.add(g.mul(oldMean, times(beta1)), g.mul(own, times(1 - beta1)))
    const square = g.add(g.mul(oldSquare, times(beta2)), g.mul(g.mul(own, own), times(1 - beta2)))
    const root = g.op('Sqrt', [g.mul(square, scalar('square_correction'))])
    const step = g.div(g.mul(mean, scalar('mean_correction')), g.affine(root, 1, epsilon, weight))
    const whole = type === 'adamw' && decays ? g.add(step, g.mul(weight, times(decay))) : step
    return { weight: g.sub(weight, g.mul(scalar('rate'), whole)), slots: [mean, square] }
  },
}
