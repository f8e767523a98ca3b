// Mean over the classes that occur, in labels or decisions, of intersection ÷ union, counted over the pixels of all samples.

import { EvaluationMismatch } from '../evaluation-mismatch.ts'
import type { ClassMap } from '../pictures/class-map.ts'

const MOST_CLASSES = 65_536

export interface LabelMap {
  readonly height: number
  readonly width: number
  /** Sample by sample. */
  readonly labels: ArrayLike<number>
}

export interface MeanIouRun {
  /** Maps of another size than the labels are resized: pixel y takes ⌊y·h/H⌋. @throws EvaluationMismatch */
  add(decided: ClassMap, truth: LabelMap): void
  value(): number | null
}

/** Labels below 0 count for nothing, as `ignored` ones do. */
export function startMeanIou(ignored: number | null): MeanIouRun {
  let common = new Float64Array(256)
  let found = new Float64Array(256)
  let wanted = new Float64Array(256)
  const makeRoom = (label: number): void => {
    if (label < common.length) return
    if (label >= MOST_CLASSES) {
      throw new EvaluationMismatch(`${label} is no class: there are at most ${MOST_CLASSES}`)
    }
    const grown = (counts: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(Math.min(MOST_CLASSES, 2 ** Math.ceil(Math.log2(label + 1))))
      larger.set(counts)
      return larger
    }
    common = grown(common)
    found = grown(found)
    wanted = grown(wanted)
  }
  return {
    add: ({ samples, height: h, width: w, classes }, { height, width, labels }) => {
      const columns = Int32Array.from({ length: width }, (_, x) => Math.floor((x * w) / width))
      for (let sample = 0; sample < samples; sample += 1) {
        for (let y = 0; y < height; y += 1) {
          const row = (sample * h + Math.floor((y * h) / height)) * w
          const start = (sample * height + y) * width
          for (let x = 0; x < width; x += 1) {
            const label = labels[start + x] ?? -1
            if (label < 0 || label === ignored) continue
            const decision = classes[row + columns[x]!]!
            makeRoom(Math.max(label, decision))
            wanted[label]! += 1
            if (decision >= 0) found[decision]! += 1
            if (decision === label) common[label]! += 1
          }
        }
      }
    },
    value: () => {
      let sum = 0
      let classes = 0
      for (let label = 0; label < common.length; label += 1) {
        const union = wanted[label]! + found[label]! - common[label]!
        if (union === 0) continue
        sum += common[label]! / union
        classes += 1
      }
      return classes === 0 ? null : sum / classes
    },
  }
}
