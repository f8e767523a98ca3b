// Boxes as a decoder finds them, in any order. Only the best are kept, so that memory stays small whatever a model gives.

import type { Detections } from './boxes.ts'

/** As YOLOv5 and YOLOv8 limit them. */
const MOST_CANDIDATES = 30_000
const ROOM = 4 * MOST_CANDIDATES

export class Candidates {
  private count = 0
  private corners = new Float64Array(4 * 256)
  private scores = new Float64Array(256)
  private classes = new Int32Array(256)

  /** Boxes with a corner that is no finite number are dropped. */
  add(x1: number, y1: number, x2: number, y2: number, score: number, label: number): void {
    if (!Number.isFinite(x1 + y1 + x2 + y2)) return
    if (this.count === ROOM) this.keepBest()
    if (this.count === this.scores.length) this.grow()
    const at = 4 * this.count
    this.corners[at] = x1
    this.corners[at + 1] = y1
    this.corners[at + 2] = x2
    this.corners[at + 3] = y2
    this.scores[this.count] = score
    this.classes[this.count] = label
    this.count += 1
  }

  addCentred(x: number, y: number, w: number, h: number, score: number, label: number): void {
    this.add(x - w / 2, y - h / 2, x + w / 2, y + h / 2, score, label)
  }

  /** At most MOST_CANDIDATES, in the order in which they came. */
  found(): Detections {
    this.keepBest()
    return {
      count: this.count,
      corners: this.corners.subarray(0, 4 * this.count),
      scores: this.scores.subarray(0, this.count),
      classes: this.classes.subarray(0, this.count),
    }
  }

  private keepBest(): void {
    if (this.count <= MOST_CANDIDATES) return
    const kept = bestFirst(this.scores.subarray(0, this.count)).subarray(0, MOST_CANDIDATES).sort()
    for (const [to, from] of kept.entries()) {
      this.corners.copyWithin(4 * to, 4 * from, 4 * from + 4)
      this.scores[to] = this.scores[from]!
      this.classes[to] = this.classes[from]!
    }
    this.count = kept.length
  }

  private grow(): void {
    const size = 2 * this.scores.length
    const corners = new Float64Array(4 * size)
    const scores = new Float64Array(size)
    const classes = new Int32Array(size)
    corners.set(this.corners)
    scores.set(this.scores)
    classes.set(this.classes)
    this.corners = corners
    this.scores = scores
    this.classes = classes
  }
}

/** Indices by falling score; equal ones in their order. */
export function bestFirst(scores: Float64Array): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b)
}
