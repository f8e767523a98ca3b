// The step `prune` joins narrow groups where it may choose counts, and nowhere else.

import { expect, test } from 'vitest'
import { jobSpec } from '#src/recipes/job-spec'
import { pruneChannel } from '#src/recipes/prune'
import { parseModel } from '#src/onnx/text/parse-model'
import { runPrune } from '#workers/steps/prune'
import { floatConstant, runtime } from './model-runs.ts'

const TEXT = `<ir_version: 8, opset_import: ["" : 17]>
  g (float[1, 3, 16, 16] x) => (float[1, 5, 16, 16] y)
  <${[
    floatConstant('stem', [64, 3, 1, 1], 1),
    floatConstant('grouped', [64, 8, 3, 3], 2),
    floatConstant('head', [5, 64, 1, 1], 3),
  ].join()}> {
    a = Conv(x, stem)  r = Relu(a)  [b] b = Conv<group = 8, pads = [1, 1, 1, 1]>(r, grouped)
    s = Relu(b)  y = Conv(s, head)
  }`

async function prunedBy(options: object) {
  const step = pruneChannel.parse({ type: 'prune', method: 'channel', ...options })
  const spec = jobSpec.parse({ model: 'model_0', steps: [step], evaluation: { task: 'none' } })
  const { details, declined } = await runPrune(parseModel(TEXT), step, {
    runtime,
    spec,
    calibration: null,
    evaluation: null,
    train: null,
    openModel: () => Promise.reject(new Error('no model is named')),
    scratch: '',
    checkpoints: { begin: () => Promise.reject(new Error('nothing is trained')) },
    progress: () => undefined,
    log: () => undefined,
  })
  return {
    isJoined: details['joined_groups'] !== undefined,
    isCut: details['removed'] !== 0,
    isDeclined: declined.some(({ rule }) => rule === 'join-groups'),
  }
}

test('by timing where counts are ours to choose', async () => {
  const { isCut, isJoined, isDeclined } = await prunedBy({ sparsity: 0.5 })
  expect(isCut).toBe(true)
  expect(isJoined).toBe(!isDeclined)
})

test.each([
  [{ sparsity: 0.5, channel_multiple: 8 }, true],
  [{ max_macs: 0.6 }, true],
  [{ max_parameters: 0.6 }, true],
  [{ excluded_layers: ['b'] }, false],
])('not with %j', async (options, isCut) => {
  expect(await prunedBy(options)).toEqual({ isCut, isJoined: false, isDeclined: false })
})
