// Every measure of importance by its name in the recipe.

import { activation } from './activation.ts'
import { bnScale } from './bn-scale.ts'
import { fisher } from './fisher.ts'
import { gradient } from './gradient.ts'
import { hessian } from './hessian.ts'
import type { ImportanceMeasure } from './importance.ts'
import { magnitude } from './magnitude.ts'
import { obs } from './obs.ts'
import { random } from './random.ts'
import { taylor } from './taylor.ts'

export const MEASURES = {
  magnitude,
  bn_scale: bnScale,
  activation,
  gradient,
  taylor,
  fisher,
  hessian,
  obs,
  random,
} as const satisfies Record<string, ImportanceMeasure>

export type MeasureName = keyof typeof MEASURES
