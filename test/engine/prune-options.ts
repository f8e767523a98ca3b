// Pruning as tests ask for it where nothing else matters: half of each layer's channels, one by one, nothing repaired.

import type { ChannelOptions } from '#engine/prune/prune-channels'

export const HALF_OF_EACH: ChannelOptions = {
  importance: 'magnitude',
  norm: 'l2',
  amount: { kind: 'sparsity', value: 0.5 },
  scope: { kind: 'layer' },
  limits: { minChannels: 1, channelMultiple: 1 },
  excludedLayers: [],
  normalizedAxes: 'auto',
  repair: false,
  seed: 0,
}
