// Training as a recipe says it, in the engine's words.

import type { Optimizer } from '#engine/train/optimizers/optimizer'
import type { TrainOptions } from '#engine/train/train-options'
import type { Training } from '#src/recipes/training'
import { epochsOf, stepsOfEpoch } from '#src/recipes/training'

/** `samples`: those there are to train with. */
export function trainingOptions(training: Training, samples: number): TrainOptions {
  const { early_stopping: early, batch_size: wanted } = training
  const batchSize = Math.min(wanted, samples)
  const epochs = epochsOf(training, samples)
  const steps = stepsOfEpoch(batchSize, samples) * epochs
  return {
    epochs,
    batchSize,
    optimizer: optimizerOf(training.optimizer),
    learningRate: training.optimizer.learning_rate,
    schedule: { kind: training.schedule, warmUp: Math.floor(training.warm_up * steps) },
    seed: training.seed,
    clipNorm: training.clip_norm,
    batchNorm: training.batch_norm,
    frozenLayers: training.frozen_layers,
    keepZeros: true,
    averaging: training.averaging,
    earlyStopping: early === null ? null : { patience: early.patience, fraction: early.fraction },
    augmentations: training.augment,
    threads: training.threads,
    shards: training.shards,
  }
}

function optimizerOf(optimizer: Training['optimizer']): Optimizer {
  const weightDecay = optimizer.weight_decay
  if (optimizer.type === 'sgd') {
    const { type, momentum, nesterov } = optimizer
    return { type, momentum, nesterov, weightDecay }
  }
  const { type, beta1, beta2, epsilon } = optimizer
  return { type, beta1, beta2, epsilon, weightDecay }
}
