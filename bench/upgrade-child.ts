// Answers requests from bench/upgrade.ts, one at a time.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { OnnxError } from '#src/onnx/onnx-error'
import { readModel } from '#src/onnx/read-model'
import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import { modelBytes } from '#src/onnx/write-model'
import { largestDifference, randomFeeds } from './random-feeds.ts'
import { storedTensors } from './stored-tensors.ts'
import type { UpgradeReply, UpgradeRequest } from './upgrade-process.ts'
import { NOTHING_COMPARED } from './upgrade-process.ts'

const SEED = 17

type Tensors = Readonly<Record<string, RuntimeTensor>>

function readFile(file: string): Model {
  return readModel(bufferRange(readFileSync(file)), {
    externalData: (location) => {
      const path = join(dirname(file), location)
      return existsSync(path) ? bufferRange(readFileSync(path)) : null
    },
  })
}

async function run(model: Uint8Array, feeds: Tensors | null): Promise<[Tensors, Tensors]> {
  const session = await openRuntime().load(model, { threads: 1, optimization: 'disabled' })
  try {
    const given = feeds ?? randomFeeds(session.inputs, SEED)
    return [given, await session.run(given)]
  } finally {
    await session.release()
  }
}

/** What the original computes, or where the runtime cannot run it, what was stored beside it. */
async function expectedOf(
  file: string,
  original: Uint8Array,
): Promise<{ feeds: Tensors; outputs: Tensors; against: UpgradeReply['against'] } | string> {
  const folder = join(dirname(file), 'test_data_set_0')
  const stored = existsSync(folder) ? storedTensors(folder, readFile(file)) : null
  try {
    const [feeds, outputs] = await run(original, stored?.feeds ?? null)
    return { feeds, outputs, against: 'the original' }
  } catch (error) {
    if (stored !== null) return { ...stored, against: 'stored outputs' }
    return error instanceof RuntimeRejection ? error.detail : String(error)
  }
}

async function runs(model: Model): Promise<boolean> {
  try {
    await run(modelBytes(model, 'inline'), null)
    return true
  } catch {
    return false
  }
}

async function compare({ file, target }: UpgradeRequest): Promise<UpgradeReply> {
  let model: Model
  try {
    model = readFile(file)
  } catch (error) {
    const note = error instanceof OnnxError ? `${error.code}: ${error.detail}` : String(error)
    return { ...NOTHING_COMPARED, outcome: 'unreadable', note }
  }
  const original = modelBytes(model, 'inline')
  const report = upgradeOpset(model, target)
  const told = { from: report.from, to: report.to, changed: report.changed.length }
  const refusal = report.refusals[0]
  const refused = refusal === undefined ? 'none' : `${refusal.opType}: ${refusal.reason}`
  const expected = await expectedOf(file, original)
  if (typeof expected === 'string') {
    const outcome = (await runs(model)) ? 'runs only upgraded' : 'not run'
    return { ...NOTHING_COMPARED, ...told, outcome, note: expected }
  }
  const { against } = expected
  try {
    const [, outputs] = await run(modelBytes(model, 'inline'), expected.feeds)
    const difference = largestDifference(expected.outputs, outputs)
    const outcome = refusal === undefined ? 'compared' : 'refused'
    return { ...told, outcome, difference, against, note: refused }
  } catch (error) {
    const detail = error instanceof RuntimeRejection ? error.detail : String(error)
    const note = `${refused} ${detail}`
    if (refusal !== undefined) return { ...NOTHING_COMPARED, ...told, outcome: 'refused', note }
    // What neither runs before nor was changed is nothing the upgrade could have spoilt.
    const untouched = against === 'stored outputs' && report.changed.length === 0
    const outcome = untouched ? 'not run' : 'broken'
    return { ...NOTHING_COMPARED, ...told, outcome, against, note }
  }
}

process.on('message', (request: UpgradeRequest) => {
  compare(request)
    .catch((error: unknown): UpgradeReply => ({
      ...NOTHING_COMPARED,
      outcome: 'broken',
      note: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }))
    .then((reply) => process.send?.(reply))
    .catch((error: unknown) => {
      throw error
    })
})
