// How far two maps of pixels decide alike: of those pixels that are not of the commonest class in both, the share of the same class.
// Most of a map is background, and agreeing on that says little. Of two classes it is intersection ÷ union of the rarer one.

import type { PictureLayout, PictureSize } from '#src/onnx/outputs/picture-layout'
import { pictureLayout, sidesOf } from '#src/onnx/outputs/picture-layout'
import { classMap } from './pictures/class-map.ts'
import type { Values } from './tasks/task.ts'
import { isWhole } from './tasks/task.ts'

export interface MapAgreementRun {
  add(reference: Values, actual: Values): void
  /** `null` when nothing was decided: one class everywhere, or numbers that have no level to decide at. */
  value(): number | null
}

/** Planes smaller than this are rows of scores. */
const LEAST_SIDE = 4

/** Sides of maps are rounded when pictures are scaled down. */
const SIDES_DIFFER = 0.1

/** A single channel decides at a half, as probabilities do, or by its sign, as logits do. */
const LEVELS = { probability: 0.5, logit: 0 } as const

/**
 * Where the channels of a map are; `null` for other outputs. A map has the proportions of the picture that the model was given;
 * without an axis of channels exactly, as what has three axes may be a sequence.
 */
export function mapLayout(
  dims: readonly number[],
  size: PictureSize | null,
): PictureLayout | 'plane' | null {
  if (size === null) return null
  const layout = pictureLayout(dims, 'auto', size)
  if (layout === 'ambiguous' || layout === 'unknown' || layout === 'none') return null
  const [height, width] = sidesOf(dims, layout) as PictureSize
  const ratio = (height * size[1]) / (width * size[0])
  const most = layout === 'plane' ? 0 : SIDES_DIFFER
  return Math.min(height, width) < LEAST_SIDE || Math.abs(ratio - 1) > most ? null : layout
}

export function startMapAgreement(layout: PictureLayout | 'plane'): MapAgreementRun {
  const counts = { probability: new ClassCounts(), logit: new ClassCounts() }
  let [low, high, areLevels] = [Infinity, -Infinity, false]
  return {
    add: (reference, actual) => {
      const axis = { nchw: 1, nhwc: 3, plane: 0 }[layout]
      areLevels = !isWhole(reference) && (axis === 0 || reference.dims[axis] === 1)
      const { numbers } = reference
      for (let index = 0; areLevels && index < numbers.length; index += 1) {
        low = Math.min(low, numbers[index] ?? low)
        high = Math.max(high, numbers[index] ?? high)
      }
      const wanted = layout === 'plane' ? 'auto' : layout
      for (const name of areLevels ? (['probability', 'logit'] as const) : ['logit' as const]) {
        const [one, other] = [reference, actual].map((output) =>
          classMap(output, wanted, null, LEVELS[name]),
        )
        if (one && other) counts[name].add(one.classes, other.classes)
      }
    },
    value: () => {
      if (areLevels && low >= 0 && high <= 1) return counts.probability.share()
      if (areLevels && (low >= 0 || high <= 0)) return null
      return counts.logit.share()
    },
  }
}

class ClassCounts {
  readonly #inReference = new Map<number, number>()
  readonly #inBoth = new Map<number, number>()
  #pixels = 0

  add(reference: Int32Array, actual: Int32Array): void {
    this.#pixels += reference.length
    for (let pixel = 0; pixel < reference.length; pixel += 1) {
      const own = reference[pixel]!
      this.#inReference.set(own, (this.#inReference.get(own) ?? 0) + 1)
      if (own === actual[pixel]) this.#inBoth.set(own, (this.#inBoth.get(own) ?? 0) + 1)
    }
  }

  share(): number | null {
    let [commonest, most, equal] = [0, 0, 0]
    for (const [own, count] of this.#inReference) {
      if (count > most) [commonest, most] = [own, count]
      equal += this.#inBoth.get(own) ?? 0
    }
    const background = this.#inBoth.get(commonest) ?? 0
    const rest = this.#pixels - background
    return rest === 0 ? null : (equal - background) / rest
  }
}
