// Mean average precision of two models against boxes.

import { yolox } from '#engine/evaluate/detection/yolo'
import type { Samples } from '#engine/evaluate/judge'
import { judgeModels } from '#engine/evaluate/judge'
import { detectionTask } from '#engine/evaluate/tasks/detection-task'
import type { Runtime, RuntimeSession } from '#engine/runtime/runtime'

export async function meanAveragePrecision(
  runtime: Runtime,
  models: readonly Uint8Array[],
  samples: Samples,
): Promise<string> {
  const task = detectionTask({
    metric: 'map',
    decoder: yolox('output', [8, 16, 32]),
    labels: { boxes: 'boxes', classes: 'classes' },
    scoreThreshold: null,
    iouThreshold: null,
    maxDetections: 300,
  })
  const sessions: RuntimeSession[] = []
  for (const model of models) {
    sessions.push(await runtime.load(model, { threads: 1, optimization: 'all' }))
  }
  const judgements = await judgeModels(sessions, samples, { task, limit: samples.count })
  for (const session of sessions) await session.release()
  const shown = judgements.map(({ metric }) => metric?.toFixed(4))
  return `mAP ${shown.join(' → ')} over ${samples.count} pictures`
}
