// Average precision against COCO's own program, pycocotools 2.0.11, run once on the scenes made here.

import { describe, expect, test } from 'vitest'
import type { Boxes, Detections } from '#engine/evaluate/detection/boxes'
import { overlap } from '#engine/evaluate/detection/boxes'
import { Candidates } from '#engine/evaluate/detection/candidates'
import { suppress } from '#engine/evaluate/detection/suppress'
import { yolov5 } from '#engine/evaluate/detection/yolo'
import { COCO_OVERLAPS, startAveragePrecision } from '#engine/evaluate/metrics/average-precision'
import { detectionTask } from '#engine/evaluate/tasks/detection-task'
import { congruential } from '#test/support/congruential'
import { batchOf, rowsV5, values } from './detector-data.ts'

type Found = readonly [label: number, score: number, ...corners: number[]]

function boxesOf(found: readonly Found[]): Detections {
  const candidates = new Candidates()
  for (const [label, score, x1 = 0, y1 = 0, x2 = 0, y2 = 0] of found) {
    candidates.add(x1, y1, x2, y2, score, label)
  }
  return suppress(candidates.found(), { iou: 1, most: 1000 })
}

/** 24 pictures, 3 classes, 110 true boxes, 176 found ones: moved, doubled, mistaken, made up. */
function scenes(): { readonly truth: Boxes; readonly found: Detections }[] {
  const { next } = congruential(11)
  return Array.from({ length: 24 }, () => {
    const truth: Found[] = []
    const found: Found[] = []
    const boxes = Math.floor(next() * 9)
    for (let box = 0; box < boxes; box += 1) {
      const label = Math.floor(next() * 3)
      const [x, y, w, h] = [next() * 200, next() * 200, 10 + next() * 90, 10 + next() * 90]
      truth.push([label, 1, x, y, x + w, y + h])
      if (next() >= 0.85) continue
      const shift = (size: number): number => (next() - 0.5) * size * 0.15
      const other = next() < 0.9 ? label : (label + 1) % 3
      const a = x + shift(w)
      const b = y + shift(h)
      const c = x + w + shift(w)
      const d = y + h + shift(h)
      found.push([other, next(), a, b, c, d])
      if (next() < 0.3) found.push([other, next(), a + 1, b + 1, c + 2, d + 2])
    }
    const more = Math.floor(next() * 6)
    for (let box = 0; box < more; box += 1) {
      const label = Math.floor(next() * 4)
      const [x, y, w, h] = [next() * 200, next() * 200, 10 + next() * 90, 10 + next() * 90]
      found.push([label, next() * 0.7, x, y, x + w, y + h])
    }
    return { truth: boxesOf(truth), found: boxesOf(found) }
  })
}

function precisionAt(overlaps: readonly number[]): number | null {
  const run = startAveragePrecision(overlaps)
  for (const { found, truth } of scenes()) run.add(found, truth)
  return run.value()
}

describe('average precision', () => {
  test('is that of pycocotools', () => {
    expect(scenes().reduce((sum, { truth }) => sum + truth.count, 0)).toBe(110)
    expect(scenes().reduce((sum, { found }) => sum + found.count, 0)).toBe(176)
    expect(precisionAt(COCO_OVERLAPS)).toBeCloseTo(0.41337965222361944, 12)
    expect(precisionAt([0.5])).toBeCloseTo(0.5583374902923922, 12)
    expect(precisionAt([0.75])).toBeCloseTo(0.5437977929981145, 12)
  })

  test('of true boxes overlapped alike the later is taken, as pycocotools takes it', () => {
    const run = startAveragePrecision([0.75])
    const truth = boxesOf([
      [0, 1, 0, 0, 12, 10],
      [0, 0.9, 2, 0, 14, 10],
    ])
    const found = boxesOf([
      [0, 0.9, 1, 0, 13, 10],
      [0, 0.8, 2, 0, 14, 10],
    ])
    run.add(found, truth)
    // The second one finds its box taken: half of the true boxes at full precision.
    expect(run.value()).toBeCloseTo(51 / 101, 12)
  })

  test('neither the unit of the boxes nor the order of the pictures counts', () => {
    const whole = precisionAt(COCO_OVERLAPS)!
    const scaled = startAveragePrecision(COCO_OVERLAPS)
    for (const { found, truth } of scenes().toReversed()) {
      const bigger = <T extends Boxes>(boxes: T): T => ({
        ...boxes,
        corners: boxes.corners.map((side) => 4 * side),
      })
      scaled.add(bigger(found), bigger(truth))
    }
    expect(scaled.value()).toBeCloseTo(whole, 12)
  })

  test('true boxes found are 1, with any number of worse ones behind', () => {
    const run = startAveragePrecision(COCO_OVERLAPS)
    const truth = boxesOf([[2, 1, 0, 0, 10, 10]])
    run.add(
      boxesOf([
        [2, 0.9, 0, 0, 10, 10],
        [2, 0.1, 5, 5, 9, 9],
        [1, 0.9, 0, 0, 1, 1],
      ]),
      truth,
    )
    expect(run.value()).toBe(1)
  })

  test('without true boxes it is not determined; with none found it is 0', () => {
    const run = startAveragePrecision(COCO_OVERLAPS)
    expect(run.value()).toBeNull()
    run.add(boxesOf([[0, 1, 0, 0, 1, 1]]), boxesOf([]))
    expect(run.value()).toBeNull()
    run.add(boxesOf([]), boxesOf([[0, 1, 0, 0, 1, 1]]))
    expect(run.value()).toBe(0)
  })

  test('boxes without area overlap nothing', () => {
    const { corners } = boxesOf([[0, 1, 3, 3, 3, 3]])
    expect(overlap(corners, 0, corners, 0)).toBe(0)
  })
})

/** Boxes that score 0.25 or more. */
function sureOf({ scores }: Detections): number {
  return scores.filter((score) => score >= 0.25).length
}

describe('the task', () => {
  const task = detectionTask({
    metric: 'map50',
    decoder: yolov5('output'),
    labels: { boxes: 'boxes', classes: 'classes' },
    scoreThreshold: null,
    iouThreshold: null,
    maxDetections: 300,
  })
  const decided = task.decide(batchOf(2, { output: values([2, 40, 8], rowsV5()) }))

  test('the original agrees with itself; less where boxes differ', () => {
    const run = task.startAgreement()
    run.add(decided, decided)
    expect(run.value()).toBe(1)
    const sure = decided.map((found) => suppress(found, { iou: 1, most: sureOf(found) }))
    expect(sure[0]!.count).toBeLessThan(decided[0]!.count)
    const fewer = task.startAgreement()
    fewer.add(decided, sure)
    expect(fewer.value()).toBe(1)
    const other = task.startAgreement()
    other.add(decided, [decided[1]!, decided[0]!])
    expect(other.value()).toBeLessThan(0.9)
  })

  test('true boxes are those with a class', () => {
    const [first] = decided
    const corners = [...first!.corners.subarray(0, 4)]
    const labels = new Map([
      ['boxes', values([2, 2, 4], [...corners, ...corners, 0, 0, 1, 1, 0, 0, 1, 1])],
      ['classes', values([2, 2], [first!.classes[0]!, -1, -1, -1])],
    ])
    const run = task.startMetric()!
    run.add(decided, labels)
    expect(run.value()).toBe(1)
    const wrong = new Map([...labels, ['classes', values([2, 3], Array(6).fill(0))] as const])
    expect(() => task.startMetric()!.add(decided, wrong)).toThrow(/classes.*\[2, 3\]/)
  })
})
