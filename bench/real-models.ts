// Real models through the service, static int8, beside onnxruntime's Python quantizer: one Markdown table.
// `bench/real-models.ts <shared folder> <python with onnxruntime and onnx> <scratch folder> [model…]`; build first.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRuntime } from '#engine/runtime/ort'
import type { Comparison } from './real-models/compare-case.ts'
import { compareCase } from './real-models/compare-case.ts'
import { comparisonTable, tableRow } from './real-models/comparison-table.ts'
import { OTHER_CASES } from './real-models/other-cases.ts'
import { PICTURE_CASES } from './real-models/picture-cases.ts'
import { startService } from '../examples/demo/start-service.ts'

const EVALUATION_SAMPLES = 1000

const [shared, python, scratch, ...names] = process.argv.slice(2)
if (shared === undefined || python === undefined || scratch === undefined) {
  throw new Error(
    'usage: real-models <shared folder> <python with onnxruntime> <scratch folder> [model…]',
  )
}
mkdirSync(scratch, { recursive: true })
const runtime = openRuntime()
const service = await startService()
const comparisons: Comparison[] = []
try {
  for (const modelCase of [...PICTURE_CASES, ...OTHER_CASES]) {
    if (names.length > 0 && !names.includes(modelCase.model)) continue
    const bench = { shared, scratch, python, runtime, service }
    const comparison = await compareCase(
      { ...bench, evaluationSamples: EVALUATION_SAMPLES },
      modelCase,
    )
    comparisons.push(comparison)
    const report = JSON.stringify(comparison.report, null, 2)
    writeFileSync(join(scratch, `${modelCase.model}.report.json`), report)
    console.error(tableRow(comparison).join(' | '))
  }
} finally {
  await service.stop()
}
console.log(comparisonTable(comparisons))
