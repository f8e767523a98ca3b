// The name of an upload.

import { label } from '#src/recipes/label'

export const requiredName = label.min(1)
export const uploadName = label.optional()
