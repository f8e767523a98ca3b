// Boxes as a decoder finds them, in any order and number.

import type { Detections } from './boxes.ts'

export class Candidates {
  private count = 0
  private corners = new Float64Array(4 * 256)
  private scores = new Float64Array(256)
  private classes = new Int32Array(256)

  /** Boxes with a corner that is no finite number are dropped. */
  add(x1: number, y1: number, x2: number, y2: number, score: number, label: number): void {
    if (!Number.isFinite(x1 + y1 + x2 + y2)) return
    if (this.count === this.scores.length) this.grow()
    this.corners.set([x1, y1, x2, y2], 4 * this.count)
    this.scores[this.count] = score
    this.classes[this.count] = label
    this.count += 1
  }

  addCentred(x: number, y: number, w: number, h: number, score: number, label: number): void {
    this.add(x - w / 2, y - h / 2, x + w / 2, y + h / 2, score, label)
  }

  found(): Detections {
    return {
      count: this.count,
      corners: this.corners.subarray(0, 4 * this.count),
      scores: this.scores.subarray(0, this.count),
      classes: this.classes.subarray(0, this.count),
    }
  }

  private grow(): void {
    const size = 2 * this.scores.length
    const larger = [new Float64Array(4 * size), new Float64Array(size)] as const
    const classes = new Int32Array(size)
    larger[0].set(this.corners)
    larger[1].set(this.scores)
    classes.set(this.classes)
    this.corners = larger[0]
    this.scores = larger[1]
    this.classes = classes
  }
}
