// What the benches of training minimize: the cross-entropy of output `y` with whole labels.

export const LABEL_LOSS = {
  kind: 'cross_entropy',
  output: 'y',
  target: 'labels',
  targetType: 'int64',
  weight: 1,
  axis: -1,
  smoothing: 0,
} as const
