// Whether an inner value of a student can be compared with one of its teacher.

import type { Shape } from '../ir/value-type.ts'

export interface HintPair {
  readonly student: Shape
  readonly teacher: Shape
}

type Comparison = 'features' | 'cosine' | 'attention'

/** What speaks against it, or `null`. `axis`: that of the channels; counts from the back when negative. */
export function hintObstacle(
  { student, teacher }: HintPair,
  axis: number,
  compare: Comparison,
): string | null {
  if (student === null || teacher === null) return 'the shapes are not known'
  const rank = student.length
  if (rank !== teacher.length) {
    return `one has ${rank} axes, the other ${teacher.length}`
  }
  const channels = axis < 0 ? axis + rank : axis
  if (channels < 1 || channels >= rank)
    return `of ${rank} axes, axis ${axis} is not one of channels`
  if (compare === 'attention') {
    if (rank < 3) return 'attention needs places: axes beside samples and channels'
  } else if (typeof student[channels] !== 'number' || typeof teacher[channels] !== 'number') {
    return 'the number of channels is not known'
  } else if (channels !== rank - 1 && channels !== 1) {
    return 'channels are axis 1 or the last'
  }
  for (const [place, size] of student.entries()) {
    const other = teacher[place]
    if (place === 0 || place === channels) continue
    if (typeof size === 'number' && typeof other === 'number' && size !== other) {
      return `axis ${place} has ${size} places in the student and ${other} in the teacher`
    }
  }
  return null
}

/** Where the channels are: as said, else axis 1 of pictures, else last. */
export function channelAxis(said: number | null, shape: Shape): number {
  return said ?? ((shape?.length ?? 0) > 3 ? 1 : -1)
}
