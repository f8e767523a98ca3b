import { describe, expect, test } from 'vitest'
import type { Model } from '#src/onnx/ir/model'
import { opsetVersion } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import { upgradeOpset } from '#src/onnx/upgrade/upgrade-opset'
import type { Feeds } from './model-runs.ts'
import { floatTensor, relativeDifference, runModel } from './model-runs.ts'
import type { UpgradeCase } from './upgrade-cases.ts'
import { OLD_CASES } from './upgrade-cases-old.ts'
import { RESIZE_CASES } from './upgrade-cases-resize.ts'
import { OPERATOR_CASES } from './upgrade-cases.ts'

const CASES = [...OPERATOR_CASES, ...RESIZE_CASES, ...OLD_CASES]

const SEED = 17
/** The newest that is used, and the one that the rewrites work at. */
const TARGETS = [21, 17]

/** float32 through kernels that may sum in another order. */
const TOLERANCE = 1e-6

function modelAt(opset: number, graph: string, functions = ''): Model {
  const imports = functions === '' ? `["" : ${opset}]` : `["" : ${opset}, "local" : 1]`
  return parseModel(`<ir_version: 8, opset_import: ${imports}> ${graph} ${functions}`)
}

/** Open dimensions are 4; booleans are true. */
function feedsOf(model: Model): Feeds {
  return Object.fromEntries(
    model.graph.inputs.map(({ name, type }, index) => {
      if (type?.kind !== 'tensor') throw new Error(`input '${name}' is no tensor`)
      const dims = (type.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 4))
      if (type.dtype === 'bool') return [name, { dtype: 'bool', dims, data: Uint8Array.of(1) }]
      return [name, floatTensor(dims, SEED + index)]
    }),
  )
}

describe.each(TARGETS)('to opset %i', (target) => {
  test.each(CASES.filter(({ opset }) => opset <= target))('$name', async (entry: UpgradeCase) => {
    const original =
      entry.reference === undefined
        ? modelAt(entry.opset, entry.graph, entry.functions)
        : modelAt(21, entry.reference)
    const upgraded = modelAt(entry.opset, entry.graph, entry.functions)
    const report = upgradeOpset(upgraded, target)
    expect(report.refusals).toEqual([])
    expect([report.from, report.to, opsetVersion(upgraded)]).toEqual([entry.opset, target, target])
    const changed = new Set(report.changed.map(({ opType }) => opType))
    if (target === 21) {
      for (const opType of entry.changed) expect(changed).toContain(opType)
    }
    if (entry.changed.length === 0) expect([...changed]).toEqual([])
    const feeds = feedsOf(original)
    const expected = await runModel(original, feeds)
    expect(relativeDifference(expected, await runModel(upgraded, feeds))).toBeLessThan(TOLERANCE)
  })
})
