// Step `prune`, discriminated on `method`.

import { z } from 'zod'
import {
  CHOSEN,
  DIVIDED,
  ONE_AMOUNT,
  RANKED,
  choosesByAmount,
  dividesItsAmount,
  ranksOverTheModel,
  saysOneAmount,
} from './prune-consistency.ts'
import { measured, pruneSensitivityOptions } from './prune-sensitivity.ts'
import { retraining } from './training.ts'

/** Those that follow gradients: on the training dataset, or else the calibration dataset, with labels where there are any. */
export const GRADIENT_IMPORTANCES = ['gradient', 'taylor', 'fisher', 'hessian'] as const

/** Those that look at what flows through the model. */
export const ACTIVATION_IMPORTANCES = ['activation', 'obs'] as const

const IMPORTANCES = ['magnitude', ...ACTIVATION_IMPORTANCES, ...GRADIENT_IMPORTANCES] as const

const importance = z
  .enum(['auto', ...IMPORTANCES, 'bn_scale', 'random'])
  .default('auto')
  .describe(
    'What a channel is worth. `auto`: `obs` where there is a calibration dataset and no threshold, `activation` where that takes long, otherwise `magnitude`; the report says which. `magnitude`: the size of its weights. `bn_scale`: the scale of its BatchNormalization. `activation`: what flows through it times the weights that read it. `obs`: what the layers behind it lose when their other weights make up for it. `taylor`, `fisher`: what the loss loses to first order, squared, by small batches or sample by sample. `hessian`: to second order. `gradient`: how steep the loss is. `random`: chance, as a control. `activation` and `obs` need a calibration dataset, those by gradients that or a training dataset; labels are used where there are any.',
  )

const fraction = z.number().min(0).max(1)

const share = z.number().gt(0).max(1)

const amount = {
  sparsity: fraction
    .max(0.99)
    .nullable()
    .default(null)
    .describe('Fraction that goes; 0.5 when nothing else says how much.'),
  threshold: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('What is worth less than this goes.'),
}

const budget = {
  max_macs: share.nullable().default(null).describe('Share of the multiply-accumulates to keep.'),
  max_parameters: share.nullable().default(null).describe('Share of the parameters to keep.'),
}

const perLayer = z.strictObject({
  per_layer: z
    .record(z.string().min(1).max(256), fraction.max(0.99))
    .describe('Fractions by the name of a layer.'),
})

const SCOPES =
  'Ranked over the whole model, in each layer by itself, or a fraction for each layer named; others lose `sparsity`.'

const scope = z.union([z.enum(['global', 'layer']), perLayer]).describe(SCOPES)

const channelScope = z
  .union([z.enum(['global', 'layer', 'auto']), perLayer])
  .describe(
    `${SCOPES} \`auto\`: ranked in each layer by itself, a fraction for each layer chosen by what the model loses with that layer alone for what it saves; measures \`sensitivity\`. The other two scopes are tried as well, and what loses least when all is pruned and repaired is kept.`,
  )

const excludedLayers = z
  .array(z.string().min(1).max(256))
  .max(10_000)
  .default([])
  .describe('Names of nodes whose weights stay whole.')

const samples = z
  .int()
  .min(1)
  .max(100_000)
  .default(256)
  .describe('Samples of the calibration dataset to use, and for gradients of the training dataset.')

const finetune = retraining
  .nullable()
  .default(null)
  .describe(
    'Train what is left, on the training dataset, to answer as the model did before; null = not.',
  )

const rounds = {
  iterations: z
    .int()
    .min(1)
    .max(20)
    .default(1)
    .describe(
      'In how many rounds it goes: what is left is scored anew in each, and trained where `finetune` says so.',
    ),
  schedule: z
    .enum(['cubic', 'linear', 'geometric'])
    .default('cubic')
    .describe(
      'How much is gone after each round: most in the first ones (Zhu and Gupta 2017), the same in each, or the same share of what is left.',
    ),
}

const norm = z.enum(['l1', 'l2']).default('l2').describe('Norm of the importance `magnitude`.')

export const pruneChannel = z
  .strictObject({
    type: z.literal('prune'),
    method: z.literal('channel'),
    importance,
    norm,
    ...amount,
    ...budget,
    // What a channel is worth compares badly between layers as long as nothing is trained again.
    scope: channelScope.default('layer'),
    ranked_by: z
      .enum(['importance', 'macs', 'parameters', 'latency'])
      .default('importance')
      .describe(
        'What channels are ranked by where they are ranked over the whole model (`scope` `global`): their importance, or their importance divided by the multiply-accumulates, parameters or measured time of layers that removing them saves.',
      ),
    ...measured,
    channel_multiple: z
      .union([z.literal('auto'), z.int().min(1).max(1024)])
      .default('auto')
      .describe(
        'Axes keep a multiple of this many channels. `auto`: the largest of 16, 8, 4 and 1 with which about as many multiply-accumulates go as with single channels; vector kernels work on 16 at a time. The report names it. Where nothing says how many multiply-accumulates or parameters to keep, `auto` also joins groups of convolutions that have fewer than 16 channels each, by weights of 0, if the model is at least 1.05 times as fast for it when timed (`joined_groups` in the report).',
      ),
    min_channels: z
      .int()
      .min(1)
      .max(65_536)
      .default(8)
      .describe('No axis loses more than down to this many channels.'),
    normalized_axes: z
      .enum(['auto', 'whole', 'refit'])
      .default('auto')
      .describe(
        'Axes that a LayerNormalization, RMSNormalization or GroupNormalization takes its statistics over, such as the residual stream of a transformer: `whole` keeps them, so that what is left computes what it did; `refit` removes from them as well, takes the statistics of what is left, fits scale and bias anew to the calibration dataset, if there is one, and states the error in the report; `auto` does so where too little goes without.',
      ),
    repair: z
      .boolean()
      .default(true)
      .describe(
        'Fit the weights behind removed channels, biases and running statistics to the calibration dataset, if there is one. Needs no labels.',
      ),
    samples,
    excluded_layers: excludedLayers,
    ...rounds,
    finetune,
  })
  .refine(saysOneAmount, ONE_AMOUNT)
  .refine(dividesItsAmount, DIVIDED)
  .refine(choosesByAmount, CHOSEN)
  .refine(ranksOverTheModel, RANKED)
  .meta({
    id: 'PruneChannelStep',
    description: 'Takes channels, heads and neurons out: the model becomes smaller and faster.',
  })

const elementImportance = z
  .enum(['auto', ...IMPORTANCES, 'random'])
  .default('auto')
  .describe(
    'What a weight is worth. `auto`: `obs` where there is a calibration dataset, no threshold and a model small enough that it takes no more than minutes; otherwise `magnitude`; the report says which. `magnitude`: its size. `activation`: its size times that of what it meets (Wanda). `obs`: what it costs when the weights behind it make up for it, as they then do (SparseGPT). `taylor`, `fisher`: what the loss loses to first order, squared, by small batches or sample by sample. `hessian`: to second order. `gradient`: how steep the loss is. `random`: chance, as a control. `activation` and `obs` need a calibration dataset, those by gradients that or a training dataset; labels are used where there are any.',
  )

export const pruneUnstructured = z
  .strictObject({
    type: z.literal('prune'),
    method: z.literal('unstructured'),
    importance: elementImportance,
    ...amount,
    scope: scope.default('global'),
    samples,
    excluded_layers: excludedLayers,
    ...rounds,
    finetune,
  })
  .refine(saysOneAmount, ONE_AMOUNT)
  .refine(dividesItsAmount, DIVIDED)
  .meta({
    id: 'PruneUnstructuredStep',
    description:
      'Sets single weights to 0. The file compresses better; the runtime computes as long as before.',
  })

export const pruneNm = z
  .strictObject({
    type: z.literal('prune'),
    method: z.literal('n_m'),
    importance: elementImportance,
    n: z.int().min(1).max(63).default(2).describe('Weights that stay of every `m`.'),
    m: z.int().min(2).max(64).default(4).describe('Neighbours along the axis that is summed over.'),
    samples,
    excluded_layers: excludedLayers,
    ...rounds,
    finetune,
  })
  .refine(({ n, m }) => n < m, 'n must be less than m')
  .meta({
    id: 'PruneNmStep',
    description: 'Keeps n of every m weights, the pattern of sparse tensor cores.',
  })

export const pruneStep = z
  .discriminatedUnion('method', [pruneChannel, pruneUnstructured, pruneNm])
  .meta({ id: 'PruneStep' })

export type PruneStep = z.infer<typeof pruneStep>
export type PruneChannelStep = z.infer<typeof pruneChannel>
export type PruneUnstructuredStep = z.infer<typeof pruneUnstructured>
export type PruneNmStep = z.infer<typeof pruneNm>

/** How a step measures what each group is worth to the model; `null` where it does not. */
export function sensitivityOf(step: PruneStep): z.infer<typeof pruneSensitivityOptions> | null {
  if (step.method !== 'channel') return null
  return step.sensitivity ?? (step.scope === 'auto' ? pruneSensitivityOptions.parse({}) : null)
}
