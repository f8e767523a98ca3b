// Which outputs of a detector hold boxes, scores and classes: told from shapes where they are not named.

import type { Shape } from '../ir/value-type.ts'

export interface NamedShape {
  readonly name: string
  readonly shape: Shape
}

export interface DetectorOutputs {
  readonly boxes: string
  readonly scores: string
  /** `null`: every class has a score of its own. */
  readonly classes: string | null
}

interface WantedOutputs {
  readonly boxes: string | null
  readonly scores: string | null
  readonly classes: string | null
}

/** @returns a text that says what to name when the shapes do not tell */
export function detectorOutputs(
  outputs: readonly NamedShape[],
  wanted: WantedOutputs,
): DetectorOutputs | string {
  const known = outputs.map(({ name }) => name)
  const list = known.map((name) => `'${name}'`).join(', ')
  for (const name of [wanted.boxes, wanted.scores, wanted.classes]) {
    if (name !== null && !known.includes(name)) {
      return `the model has no output '${name}'; it has ${list}`
    }
  }
  const free = outputs.filter(({ name }) => ![wanted.scores, wanted.classes].includes(name))
  const fours = free.filter(({ shape }) => shape?.at(-1) === 4)
  const boxes = wanted.boxes ?? (fours.length === 1 ? fours[0]?.name : undefined)
  if (boxes === undefined) return `name boxes_output, one of ${list}`
  const rest = known.filter((name) => name !== boxes && name !== wanted.classes)
  const scores = wanted.scores ?? (rest.length === 1 ? rest[0] : undefined)
  if (scores === undefined) return `name scores_output, one of ${list}`
  return { boxes, scores, classes: wanted.classes }
}
