// Average precision as COCO defines it: precision at 101 recalls, averaged over overlaps and over the classes that occur.

import type { Boxes, Detections } from '../detection/boxes.ts'
import { overlap } from '../detection/boxes.ts'

/** 0.50, 0.55 … 0.95, rounded as COCO's own evaluation rounds them. */
export const COCO_OVERLAPS = Array.from(
  { length: 10 },
  (_, index) => 0.5 + index * ((0.95 - 0.5) / 9),
)

/** Of one class and one picture. */
export const MOST_DETECTIONS = 100
const RECALLS = Array.from({ length: 101 }, (_, index) => 0.01 * index)

interface ClassRecord {
  truths: number
  readonly scores: number[]
  /** Bit t: it matched a true box at the overlap t. */
  readonly matches: number[]
}

export interface AveragePrecisionRun {
  /** One picture. */
  add(found: Detections, truth: Boxes): void
  /** `null` without any true box. */
  value(): number | null
}

/** Keeps 16 bytes of every detection. */
export function startAveragePrecision(overlaps: readonly number[]): AveragePrecisionRun {
  const records = new Map<number, ClassRecord>()
  return {
    add: (found, truth) => {
      const labels = new Set([...found.classes, ...truth.classes])
      for (const label of labels) {
        const record = records.get(label) ?? { truths: 0, scores: [], matches: [] }
        records.set(label, record)
        const wanted = indicesOf(truth, label)
        const own = indicesOf(found, label).slice(0, MOST_DETECTIONS)
        const matches = matchesOf(found, own, truth, wanted, overlaps)
        record.truths += wanted.length
        for (const [at, index] of own.entries()) {
          record.scores.push(found.scores[index]!)
          record.matches.push(matches[at]!)
        }
      }
    },
    value: () => {
      let sum = 0
      let classes = 0
      for (const record of records.values()) {
        if (record.truths === 0) continue
        sum += precisionOf(record, overlaps.length)
        classes += 1
      }
      return classes === 0 ? null : sum / classes
    },
  }
}

function indicesOf({ count, classes }: Boxes, label: number): number[] {
  const indices: number[] = []
  for (let index = 0; index < count; index += 1) if (classes[index] === label) indices.push(index)
  return indices
}

/** The best detection chooses first; it takes the free box that it overlaps most, the later of equal ones. */
function matchesOf(
  found: Detections,
  own: readonly number[],
  truth: Boxes,
  wanted: readonly number[],
  overlaps: readonly number[],
): Uint16Array {
  const matches = new Uint16Array(own.length)
  if (wanted.length === 0) return matches
  const table = own.map((index) =>
    wanted.map((other) => overlap(found.corners, index, truth.corners, other)),
  )
  for (const [bit, least] of overlaps.entries()) {
    const isTaken = wanted.map(() => false)
    for (const [at, row] of table.entries()) {
      let best = Math.min(least, 1 - 1e-10)
      let chosen = -1
      for (const [box, value] of row.entries()) {
        if (isTaken[box] === true || value < best) continue
        best = value
        chosen = box
      }
      if (chosen < 0) continue
      isTaken[chosen] = true
      matches[at]! |= 1 << bit
    }
  }
  return matches
}

function precisionOf({ truths, scores, matches }: ClassRecord, overlaps: number): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b)
  let sum = 0
  for (let bit = 0; bit < overlaps; bit += 1) {
    const recalls = new Float64Array(order.length)
    const precisions = new Float64Array(order.length)
    let right = 0
    for (const [at, index] of order.entries()) {
      right += (matches[index]! >> bit) & 1
      recalls[at] = right / truths
      precisions[at] = right / (at + 1)
    }
    // The best precision at this recall or a greater one.
    for (let at = order.length - 2; at >= 0; at -= 1) {
      precisions[at] = Math.max(precisions[at]!, precisions[at + 1]!)
    }
    let at = 0
    for (const recall of RECALLS) {
      while (at < order.length && recalls[at]! < recall) at += 1
      if (at < order.length) sum += precisions[at]!
    }
  }
  return sum / (overlaps * RECALLS.length)
}
