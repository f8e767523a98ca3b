// Inferred types against onnxruntime: what it infers without optimizing, and what a run computes.

import { describe, expect, test } from 'vitest'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { ORACLE_CASES } from './shapes-oracle-cases.ts'
import { MORE_ORACLE_CASES } from './shapes-oracle-more-cases.ts'
import { makeFeed } from './shapes-oracle-feeds.ts'
import { compareComputed, compareReported, symbolSizes, valuesOf } from './shapes-oracle-models.ts'
import type { Feed } from './shapes-oracle-session.ts'
import { askOracle } from './shapes-oracle-session.ts'

/** Sizes of symbols by axis, odd ones among them. */
const RUNS = [
  [2, 3, 12, 16],
  [1, 5, 13, 17],
]

describe.each([...ORACLE_CASES, ...MORE_ORACLE_CASES])(
  '$family',
  ({ text, opset = 17, imports = '' }) => {
    test.each(RUNS)('sizes %i, %i, %i, %i', async (...sizes) => {
      const model = parseModel(`<ir_version: 8, opset_import: ["" : ${opset}${imports}]> ${text}`)
      const inference = inferTypes(model, { declaredTypes: 'ignore' })
      expect(inference.problems).toEqual([])
      const values = valuesOf(model.graph)
      const outputs = new Set(model.graph.outputs)
      const inner = [...values.values()].filter((value) => !outputs.has(value))
      const symbols = new Map<string, number>()
      const feeds = model.graph.inputs.map((value) => makeFeed(value, symbols, sizes))
      const known = feeds.filter((feed): feed is Feed => feed !== null)
      const request = { values: inner.map(({ name }) => name), feeds: known }
      const reply = await askOracle(modelBytes(model), request)

      const reported = compareReported(inference, values, reply)
      expect(reported.contradictions).toEqual([])
      expect(reported.lessPrecise).toEqual([])
      expect(reported.values).toBe(values.size)

      expect(reply.error).toBe('none')
      const computed = compareComputed(inference, values, reply, symbolSizes(model, known))
      expect(computed).toMatchObject({ contradictions: [] })
      expect(computed).toMatchObject({ values: expect.toSatisfy((count: number) => count > 0) })
    })
  },
)

test('the comparison finds a contradiction', async () => {
  const text = 'g (float[n, 3] x) => (y) { y = Relu (x) }'
  const header = '<ir_version: 8, opset_import: ["" : 17]>'
  const model = parseModel(`${header} ${text}`)
  const other = parseModel(`${header} ${text.replace('[n, 3]', '[n, 4]')}`)
  const reply = await askOracle(modelBytes(other), { values: [], feeds: 'none' })
  const reported = compareReported(inferTypes(model), valuesOf(model.graph), reply)
  expect(reported.contradictions).toEqual(['y: float32[n,3], runtime float32[n,4]'])
})
