// Layers that a step leaves as they are.

import { z } from 'zod'

export const excludedLayers = z
  .array(z.string().min(1).max(256))
  .max(10_000)
  .default([])
  .describe('Names of nodes that stay in floating point.')
