// Models that hear, read, or take plain numbers.

import type { ModelCase } from './case.ts'
import { fileTypes } from './datasets/file-types.ts'
import { keywords } from './datasets/keywords.ts'
import { machineSounds } from './datasets/machine-sounds.ts'
import { sentences } from './datasets/sentences.ts'
import { signals } from './datasets/signals.ts'

export const OTHER_CASES: readonly ModelCase[] = [
  {
    model: 'kws_dscnn',
    kind: 'keywords, depthwise CNN',
    metric: 'top1',
    documented: 0.885,
    load: (folder) => keywords(folder),
  },
  {
    model: 'magika_standard_v3_3',
    kind: 'file types, byte tokens',
    metric: 'top1',
    documented: 0.954,
    load: (folder) => fileTypes(folder),
  },
  {
    model: 'sst2_transformer',
    kind: 'text transformer',
    metric: 'top1',
    documented: 0.805,
    load: (folder, evaluation) => sentences(folder, 128, Math.min(evaluation, 872)),
  },
  {
    model: 'mnist1d_conv',
    kind: 'Conv1D, BN unfused',
    metric: 'top1',
    documented: 0.978,
    load: (folder) => signals(folder, 128),
  },
  {
    model: 'ad01_autoencoder',
    kind: 'MLP autoencoder',
    metric: 'mse',
    documented: 9.71,
    load: (folder) => machineSounds(folder),
  },
]
