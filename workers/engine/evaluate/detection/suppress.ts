// Non-maximum suppression within each class: of boxes that overlap more than allowed, the best one stays.

import type { Detections } from './boxes.ts'
import { overlap, pick } from './boxes.ts'
import { bestFirst } from './candidates.ts'

export interface SuppressionLimits {
  /** 1 keeps all. */
  readonly iou: number
  readonly most: number
}

/** The best first; equal scores in the order in which they came. */
export function suppress(candidates: Detections, { iou, most }: SuppressionLimits): Detections {
  const { corners, classes, scores } = candidates
  const keptOfClass = new Map<number, number[]>()
  const kept: number[] = []
  for (const index of bestFirst(scores)) {
    if (kept.length === most) break
    const rivals = keptOfClass.get(classes[index]!) ?? []
    if (iou < 1 && rivals.some((rival) => overlap(corners, rival, corners, index) > iou)) continue
    rivals.push(index)
    keptOfClass.set(classes[index]!, rivals)
    kept.push(index)
  }
  return pick(candidates, kept)
}
