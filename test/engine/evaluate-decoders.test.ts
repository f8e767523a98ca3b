// Decoders and suppression against the programs of those who defined them.
// Facts: `non_max_suppression` of ultralytics/yolov5 @5081342f (for yolov8 with an objectness of 1, which is what its own does);
// `demo_postprocess` and `postprocess` of Megvii-BaseDetection/YOLOX @6ddff482; run once in double precision on the data made here.

import { describe, expect, test } from 'vitest'
import type { Detections } from '#engine/evaluate/detection/boxes'
import { overlap } from '#engine/evaluate/detection/boxes'
import { boxesScores } from '#engine/evaluate/detection/boxes-scores'
import { Candidates } from '#engine/evaluate/detection/candidates'
import type { Decoder } from '#engine/evaluate/detection/decoder'
import { suppress } from '#engine/evaluate/detection/suppress'
import { yolov5, yolov8, yolox } from '#engine/evaluate/detection/yolo'
import { detectionTask } from '#engine/evaluate/tasks/detection-task'
import type { TaskBatch } from '#engine/evaluate/tasks/task'
import { congruential } from '#test/support/congruential'
import { batchOf, rowsV5, values } from './detector-data.ts'

/** The same with the objectness multiplied in, values before boxes. */
function columnsV8(): number[] {
  const rows = rowsV5()
  const value = (picture: number, row: number, box: number): number => {
    const at = (picture * 40 + box) * 8
    return row < 4 ? rows[at + row]! : rows[at + 4]! * rows[at + row + 1]!
  }
  return [0, 1].flatMap((picture) =>
    Array.from({ length: 7 }, (_, row) =>
      Array.from({ length: 40 }, (__, box) => value(picture, row, box)),
    ).flat(),
  )
}

/** 2 pictures of 64×96: 96 + 24 + 6 cells. */
function rowsX(): number[] {
  const { next } = congruential(41)
  return Array.from({ length: 2 * 126 }, () => [
    next() * 2 - 0.5,
    next() * 2 - 0.5,
    next() * 1.5,
    next() * 1.5,
    next() ** 2,
    next(),
    next(),
    next(),
  ]).flat()
}

interface Limits {
  readonly score?: number
  readonly iou?: number
  readonly most?: number
}

function detect(decoder: Decoder, batch: TaskBatch, limits: Limits = {}): readonly Detections[] {
  const task = detectionTask({
    metric: 'map',
    decoder,
    labels: null,
    scoreThreshold: limits.score ?? null,
    iouThreshold: limits.iou ?? null,
    maxDetections: limits.most ?? 300,
  })
  return task.decide(batch)
}

/** Number of boxes, Σ score·(class + 1)·(x1 + 2·y1 + 3·x2 + 4·y2), the best box with score and class. */
function digest({ count, corners, scores, classes }: Detections): [number, number, number[]] {
  let sum = 0
  for (let box = 0; box < count; box += 1) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = corners.subarray(4 * box, 4 * box + 4)
    sum += scores[box]! * (classes[box]! + 1) * (x1 + 2 * y1 + 3 * x2 + 4 * y2)
  }
  return [count, sum, [...corners.subarray(0, 4), scores[0]!, classes[0]!]]
}

type Fact = readonly [count: number, sum: number, best: readonly number[]]

function expectFacts(found: readonly Detections[], facts: readonly Fact[]): void {
  expect(found).toHaveLength(facts.length)
  for (const [index, [count, sum, best]] of facts.entries()) {
    const [boxes, total, first] = digest(found[index]!)
    expect(boxes).toBe(count)
    expect(total).toBeCloseTo(sum, 6)
    for (const [at, value] of best.entries()) expect(first[at]).toBeCloseTo(value, 5)
  }
}

const FIRST = [55.443462, 50.588674, 91.844753, 81.937484, 0.918704, 0]
const SECOND = [56.326261, 43.824493, 90.284653, 78.38685, 0.809295, 2]

test('what is kept overlaps nothing better of its class; what is dropped does; again changes nothing', () => {
  const [all] = detect(yolov5('output'), batchOf(2, { output: values([2, 40, 8], rowsV5()) }), {
    iou: 1,
  })
  for (const iou of [0.2, 0.5, 0.8]) {
    const kept = suppress(all!, { iou, most: 300 })
    const isRival = (one: Detections, at: number): boolean =>
      [...kept.scores.keys()].some(
        (other) =>
          kept.scores[other]! > one.scores[at]! &&
          kept.classes[other] === one.classes[at] &&
          overlap(kept.corners, other, one.corners, at) > iou,
      )
    const dropped = [...all!.scores.keys()].filter((at) => !kept.scores.includes(all!.scores[at]!))
    expect(kept.count + dropped.length).toBe(all!.count)
    expect(dropped.length).toBeGreaterThan(0)
    expect([...kept.scores.keys()].some((at) => isRival(kept, at))).toBe(false)
    expect(dropped.every((at) => isRival(all!, at))).toBe(true)
    expect(suppress(kept, { iou, most: 300 })).toEqual(kept)
  }
})

test('of very many the best stay, in their order', () => {
  const candidates = new Candidates()
  const { next } = congruential(77)
  const scores = Array.from({ length: 150_000 }, () => Math.round(1000 * next()))
  for (const [at, score] of scores.entries()) candidates.add(at, 0, at + 1, 1, score, 0)
  const wanted = [...scores.entries()]
    .toSorted(([one, a], [other, b]) => b - a || one - other)
    .slice(0, 30_000)
    .map(([at]) => at)
    .toSorted((one, other) => one - other)
  const { corners } = candidates.found()
  expect(wanted.map((_, index) => corners[4 * index])).toEqual(wanted)
})

describe('decoders', () => {
  test('yolov5 with the thresholds of its val.py, and with others', () => {
    const batch = batchOf(2, { output: values([2, 40, 8], rowsV5()) })
    expectFacts(detect(yolov5('output'), batch), [
      [30, 15019.697179369005, FIRST],
      [31, 21059.128694553274, SECOND],
    ])
    expectFacts(detect(yolov5('output'), batch, { score: 0.2, iou: 0.3, most: 5 }), [
      [5, 5667.866789518202, FIRST],
      [5, 8834.740400656026, SECOND],
    ])
  })

  test('yolov8', () => {
    const batch = batchOf(2, { output: values([2, 7, 40], columnsV8()) })
    expectFacts(detect(yolov8('output'), batch), [
      [39, 16629.928062941755, FIRST],
      [55, 25955.78417635133, SECOND],
    ])
  })

  test('yolox', () => {
    const batch = batchOf(2, { output: values([2, 126, 8], rowsX()) })
    expectFacts(detect(yolox('output', [8, 16, 32]), batch), [
      [116, 27275.563996078432, [35.501899, 32.282757, 44.641734, 64.847379, 0.933911, 0]],
      [110, 29103.00486805203, [54.159875, 38.907314, 78.941489, 51.54474, 0.967494, 2]],
    ])
  })

  test('an output of another shape says which decoder reads it', () => {
    const batch = batchOf(2, { output: values([2, 40, 8], rowsV5()) })
    expect(() => detect(yolov8('output'), batch)).toThrow(/'output' is \[2, 40, 8\].*yolov5/)
    expect(() => detect(yolox('output', [8, 16]), batch)).toThrow(/40 boxes/)
  })

  const SSD = {
    names: { boxes: 'boxes', scores: 'scores', classes: null },
    format: 'yxyx',
    unit: 'relative',
    background: 0,
  } as const

  test('boxes and scores apart, relative, the background left out', () => {
    const batch = batchOf(1, {
      boxes: values([1, 2, 4], [0.25, 0.5, 0.5, 1, 0, 0, 1, 1]),
      scores: values([1, 2, 3], [0.9, 0.1, 0, 0.2, 0.3, 0.5]),
    })
    const [found] = detect(boxesScores(SSD), batch)
    // The first box of class 1 overlaps the second one's by an eighth: both stay.
    expect([...found!.classes]).toEqual([2, 1, 1])
    expect([...found!.corners]).toEqual([0, 0, 96, 64, 0, 0, 96, 64, 48, 16, 96, 32])
    expect([...found!.scores]).toEqual([0.5, 0.3, 0.1])
  })

  test('what the graph has chosen is taken as it is, without an axis of samples too', () => {
    const names = { boxes: 'boxes', scores: 'scores', classes: 'classes' }
    const decoder = boxesScores({ names, format: 'xyxy', unit: 'pixels', background: null })
    const batch = batchOf(1, {
      boxes: values([2, 4], [0, 0, 9, 9, 0, 0, 9, 9]),
      scores: values([2], [0.4, 0.8]),
      classes: values([2], [5, 5]),
    })
    const [found] = detect(decoder, batch)
    expect([...found!.scores]).toEqual([0.8, 0.4])
    expect([...found!.classes]).toEqual([5, 5])
  })

  test('scores of other boxes are refused', () => {
    const batch = batchOf(1, {
      boxes: values([1, 3, 4], Array(12).fill(1)),
      scores: values([1, 2, 2], [1, 1, 1, 1]),
    })
    expect(() => detect(boxesScores(SSD), batch)).toThrow(/does not score/)
  })

  test('boxes that are no numbers are dropped', () => {
    const [row] = [[NaN, 1, 1, 1, 1, 1]]
    const batch = batchOf(1, { output: values([1, 6, 6], Array(6).fill(row).flat() as number[]) })
    expect(detect(yolov5('output'), batch)[0]!.count).toBe(0)
  })
})
