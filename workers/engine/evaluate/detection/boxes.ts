// Boxes of one picture: two corners each, in pixels of the input.

export interface Boxes {
  readonly count: number
  /** x1 y1 x2 y2 of every box. */
  readonly corners: Float64Array
  readonly classes: Int32Array
}

/** Best first. */
export interface Detections extends Boxes {
  readonly scores: Float64Array
}

/** Area in common ÷ area of both together; 0 for boxes without area. */
export function overlap(
  one: Float64Array,
  first: number,
  other: Float64Array,
  second: number,
): number {
  const a = 4 * first
  const b = 4 * second
  const width = Math.min(one[a + 2]!, other[b + 2]!) - Math.max(one[a]!, other[b]!)
  const height = Math.min(one[a + 3]!, other[b + 3]!) - Math.max(one[a + 1]!, other[b + 1]!)
  if (!(width > 0 && height > 0)) return 0
  const common = width * height
  const own = (one[a + 2]! - one[a]!) * (one[a + 3]! - one[a + 1]!)
  const others = (other[b + 2]! - other[b]!) * (other[b + 3]! - other[b + 1]!)
  return common / (own + others - common)
}

/** Those of `boxes` at `chosen`, in this order. */
export function pick(boxes: Detections, chosen: ArrayLike<number>): Detections {
  const count = chosen.length
  const corners = new Float64Array(4 * count)
  const classes = new Int32Array(count)
  const scores = new Float64Array(count)
  for (let at = 0; at < count; at += 1) {
    const index = chosen[at]!
    corners.set(boxes.corners.subarray(4 * index, 4 * index + 4), 4 * at)
    classes[at] = boxes.classes[index]!
    scores[at] = boxes.scores[index]!
  }
  return { count, corners, classes, scores }
}
