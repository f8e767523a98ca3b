// How a model is trained: part of every step that changes weights by gradients.

import { z } from 'zod'

/** What each optimizer takes where none is named; its gradients decide how far it then goes. */
interface LearningRates {
  readonly sgd: number
  readonly adam: number
  readonly adamw: number
}

const learningRate = (fallback: number) =>
  z.number().positive().max(100).default(fallback).describe('Of the first steps, before it falls.')

const weightDecay = (fallback: number) =>
  z
    .number()
    .min(0)
    .max(1)
    .default(fallback)
    .describe('Pulls weights towards 0; biases and scales are left alone.')

const moments = {
  beta1: z
    .number()
    .min(0)
    .max(0.9999)
    .default(0.9)
    .describe('Share of its past that the mean of the gradients keeps; for `adam` and `adamw`.'),
  beta2: z.number().min(0).max(0.999999).default(0.999).describe('The same of their squares.'),
  epsilon: z
    .number()
    .positive()
    .max(1)
    .default(1e-8)
    .describe('Added to the root of the mean square that each change is divided by.'),
}

const CHOICE = 'Each has a learning rate of its own where none is named.'

/** `prefix`: of the names that the schemas have in the description of the API. */
export function optimizerChoice(prefix: string, rates: LearningRates) {
  const sgd = z
    .strictObject({
      type: z.literal('sgd').describe(CHOICE),
      learning_rate: learningRate(rates.sgd),
      momentum: z
        .number()
        .min(0)
        .max(0.999)
        .default(0.9)
        .describe('Share of the last change that is made again; for `sgd`.'),
      nesterov: z
        .boolean()
        .default(true)
        .describe('The momentum is applied before the gradient is taken; for `sgd`.'),
      weight_decay: weightDecay(1e-4),
    })
    .meta({ id: `${prefix}SgdOptimizer` })
  const adam = z
    .strictObject({
      type: z.literal('adam').describe(CHOICE),
      learning_rate: learningRate(rates.adam),
      ...moments,
      weight_decay: weightDecay(0),
    })
    .meta({ id: `${prefix}AdamOptimizer` })
  const adamw = z
    .strictObject({
      type: z.literal('adamw').describe(CHOICE),
      learning_rate: learningRate(rates.adamw),
      ...moments,
      weight_decay: weightDecay(0.01),
    })
    .meta({ id: `${prefix}AdamwOptimizer` })
  return z
    .discriminatedUnion('type', [sgd, adam, adamw])
    .prefault({ type: 'adamw' })
    .meta({ id: `${prefix}Optimizer` })
}

const earlyStopping = z
  .strictObject({
    patience: z.int().min(1).max(1000).default(2).describe('Epochs without a better loss.'),
    fraction: z
      .number()
      .gt(0)
      .max(0.5)
      .default(0.1)
      .describe('Share of the training samples that is held back to tell.'),
  })
  .meta({ id: 'EarlyStopping' })

/** As long as it is told. */
export const training = z.strictObject({
  epochs: z.int().min(1).max(10_000).default(3).describe('How often each training sample is used.'),
  batch_size: z
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .describe('Samples of a step at most: an epoch is cut into even steps.'),
  optimizer: optimizerChoice('', { sgd: 0.05, adam: 1e-3, adamw: 1e-3 }),
  schedule: z
    .enum(['constant', 'cosine', 'step', 'one_cycle'])
    .default('cosine')
    .describe('How the learning rate falls: `step` by ten after each third.'),
  warm_up: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.05)
    .describe('Share of all steps over which the learning rate rises from 0.'),
  clip_norm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe('The norm that all gradients together may have; null = any.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .describe('Decides the order of the samples.'),
  labels: z
    .string()
    .min(1)
    .max(256)
    .nullable()
    .default('labels')
    .describe('The field of the training dataset that holds the labels; null = none are used.'),
  label_smoothing: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe('Share of each label that is spread over all classes.'),
  batch_norm: z
    .enum(['train', 'frozen'])
    .default('train')
    .describe('Whether BatchNormalization follows the training data or keeps its statistics.'),
  frozen_layers: z
    .array(z.string().min(1).max(256))
    .max(10_000)
    .default([])
    .describe('Names of nodes whose weights stay as they are.'),
  averaging: z
    .number()
    .min(0)
    .max(0.99999)
    .nullable()
    .default(null)
    .describe(
      'The result is the mean of the weights of all steps, which keeps this share at each; null = the last weights.',
    ),
  augment: z
    .array(z.enum(['flip', 'shift', 'crop', 'cutout', 'mixup']))
    .max(5)
    .default([])
    .describe(
      'Changes of samples at random. Of pictures: left and right exchanged, moved by up to an eighth, a part enlarged, a square hidden. `mixup` blends pairs of samples of any numbers, and their labels.',
    ),
  early_stopping: earlyStopping
    .nullable()
    .default(null)
    .describe(
      'End when samples that are held back gain nothing more, and keep the best weights; null = train all epochs.',
    ),
  threads: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Given, not found: with other numbers of threads the last bits may differ.'),
  shards: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      'Equal parts of each batch, whose gradients are computed side by side and averaged. Each has its share of the `threads`; BatchNormalization normalises by the part. The result is the same on any number of processors.',
    ),
})

/** Steps that `auto` aims at: what a pruned network needs to come back, from 120 samples as from 12 000. */
const AUTO_STEPS = 1000
const AUTO_EPOCHS = { least: 3, most: 100 }

/** As long as it takes, unless told otherwise. */
export const retraining = training
  .extend({
    epochs: z
      .union([z.literal('auto'), z.int().min(1).max(10_000)])
      .default('auto')
      .describe(
        'How often each sample is seen. `auto`: as often as makes some 1000 steps, but no less than 3 times and no more than 100.',
      ),
  })
  .meta({ id: 'Training' })

export type Training = z.infer<typeof retraining>

/** How often each of `samples` samples is seen. */
export function epochsOf(
  { epochs, batch_size: batch }: Pick<Training, 'epochs' | 'batch_size'>,
  samples: number,
): number {
  if (epochs !== 'auto') return epochs
  const wanted = Math.ceil(AUTO_STEPS / stepsOfEpoch(batch, samples))
  return Math.min(AUTO_EPOCHS.most, Math.max(AUTO_EPOCHS.least, wanted))
}

export function stepsOfEpoch(batch: number, samples: number): number {
  return Math.max(1, Math.ceil(samples / batch))
}
