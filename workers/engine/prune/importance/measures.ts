// Every measure of importance by its name in the recipe.

import { activation } from './activation.ts'
import { bnScale } from './bn-scale.ts'
import type { ImportanceMeasure } from './importance.ts'
import { magnitude } from './magnitude.ts'
import { random } from './random.ts'

export const MEASURES = {
  magnitude,
  bn_scale: bnScale,
  activation,
  random,
} as const satisfies Record<string, ImportanceMeasure>

export type MeasureName = keyof typeof MEASURES
