// Step `simplify`: constant folding, fusions, dead code. Outputs stay numerically equal.

import { z } from 'zod'

export const simplifyStep = z.strictObject({ type: z.literal('simplify') }).meta({
  id: 'SimplifyStep',
  description: 'Folds constants, fuses operators and removes dead code.',
})

export type SimplifyStep = z.infer<typeof simplifyStep>
