// Importance by the diagonal of the empirical Fisher information of the gates: the square of each sample's own gradient, mean over the
// samples; half of it is what the loss gains when the channel goes (Theis et al., Faster gaze prediction with dense networks and
// Fisher pruning, 2018).

import type { ImportanceMeasure } from './importance.ts'
import { squaredGates } from './taylor.ts'

export const fisher: ImportanceMeasure = (context) => squaredGates(context, 1)
