// The label of an upload. It is shown, never used as a path.

import { z } from 'zod'

const label = z
  .string()
  .max(256)
  .refine(
    (text) => ![...text].some((char) => char < ' ' || char === '\u007f'),
    'must hold no control characters',
  )

export const requiredName = label.min(1)
export const uploadName = label.optional()
