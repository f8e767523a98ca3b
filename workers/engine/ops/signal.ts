// Signal processing and determinants.

import type { OpTable } from './op.ts'
import { OPAQUE, sameRule } from './op.ts'

export const SIGNAL_OPS: OpTable = {
  ...sameRule(['DFT', 'Det', 'STFT'], OPAQUE),
  ...sameRule(['BlackmanWindow', 'HammingWindow', 'HannWindow', 'MelWeightMatrix'], {
    ...OPAQUE,
    gradient: 'zero',
  }),
}
