// A name that people give: it is shown, never used as a path.

import { z } from 'zod'

export const label = z
  .string()
  .max(256)
  .refine(
    (text) => ![...text].some((char) => char < ' ' || char === '\u007f'),
    'must hold no control characters',
  )
