// docs/evaluation.md: its examples are evaluations, its tables say what the recipes say.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { evaluation } from '#src/recipes/evaluation'
import { detection } from '#src/recipes/evaluation-detection'
import { yolov5, yolov8, yolox } from '#engine/evaluate/detection/yolo'
import { boxesScores } from '#engine/evaluate/detection/boxes-scores'

const guide = readFileSync(join(import.meta.dirname, '../../docs/evaluation.md'), 'utf8')

/** Cells of the row that begins with this name. */
function row(name: string): string[] {
  const line = guide.split('\n').find((text) => text.startsWith(`| \`${name}\` |`))
  if (line === undefined) throw new Error(`no row of ${name}`)
  return line.split(' | ')
}

function quoted(text = ''): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

describe('the guide of evaluation', () => {
  const examples = [...guide.matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => text)

  test('every example is taken as it stands', () => {
    expect(examples).toHaveLength(3)
    for (const text of examples) {
      const example = JSON.parse(text) as object
      expect(evaluation.parse(example)).toMatchObject(example)
    }
  })

  test.each(
    evaluation.options.map(
      ({ shape }) => ['value' in shape.task ? shape.task.value : 'none', shape] as const,
    ),
  )('%s: its metrics, the default first, and its fields', (task, shape) => {
    const [, metrics, labels] = row(task)
    if (!('metric' in shape)) return expect(metrics).toBe('–')
    const { options } = shape.metric.def.innerType
    expect(quoted(metrics)).toEqual(options)
    const parsed = evaluation.parse({
      task,
      ...(task === 'detection' ? { decoder: 'yolox' } : {}),
    })
    expect(parsed).toMatchObject({ metric: options[0] })
    expect(quoted(labels)[0]).toBe(parsed.labels)
  })

  const names = { boxes: 'b', scores: 's', classes: null }
  const apart = { names, format: 'xyxy', unit: 'pixels', background: null } as const

  test.each([
    ['yolov5', yolov5('y')],
    ['yolov8', yolov8('y')],
    ['yolox', yolox('y', [8])],
    ['boxes_scores', boxesScores(apart)],
  ] as const)('%s: its thresholds', (name, { scoreThreshold, iouThreshold }) => {
    expect(detection.shape.decoder.options).toContain(name)
    const [, , score, iou] = row(name)
    expect([Number(score), Number.parseFloat(iou ?? '')]).toEqual([scoreThreshold, iouThreshold])
  })

  test('every option of detection is explained', () => {
    const shared = ['task', 'metric', 'latency']
    const missing = Object.keys(detection.shape).filter((name) => !guide.includes(name))
    expect(missing.filter((name) => !shared.includes(name))).toEqual([])
  })
})
