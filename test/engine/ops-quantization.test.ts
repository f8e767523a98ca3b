// The quantization slot against the runtime itself: each operator between DequantizeLinear and QuantizeLinear, loaded, and
// the graph that the runtime made of it read back.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { opRule } from '#engine/ops/registry'
import { openRuntime } from '#engine/runtime/ort'
import { bufferRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import type { QuantizationCase } from './ops-quantization-cases.ts'
import { QUANTIZATION_CASES } from './ops-quantization-cases.ts'

const folder = mkdtempSync(join(tmpdir(), 'ops-quantization-'))
const runtime = openRuntime()
afterAll(() => rmSync(folder, { recursive: true }))

type Quantizers = 'equal scales' | 'two scales' | 'none behind'

function quantized({ body, constants }: QuantizationCase, quantizers: Quantizers): Model {
  const scale = quantizers === 'equal scales' ? '0.02' : '0.03'
  const isOpen = quantizers === 'none behind'
  return parseModel(`<ir_version: 10, opset_import: ["" : 21]>
    g (uint8[1,32,16,16] q, uint8[1,32,16,16] p) => (${isOpen ? 'float y' : 'uint8 r'})
    <float sx = {0.02}, float sy = {${scale}}, uint8 z = {10}, ${constants ?? 'float none = {0}'}> {
      x = DequantizeLinear(q, sx, z)
      v = DequantizeLinear(p, sx, z)
      ${body}
      ${isOpen ? '' : 'r = QuantizeLinear(y, sy, z)'}
    }`)
}

interface Outcome {
  readonly operators: readonly string[]
  /** Something other than a quantizer reads what DequantizeLinear wrote. */
  readonly isFloat: boolean
}

async function optimized(model: Model): Promise<Outcome> {
  const file = join(folder, 'optimized.onnx')
  const session = await runtime.load(modelBytes(model), {
    threads: 1,
    optimization: 'extended',
    optimizedModelPath: file,
  })
  await session.release()
  const nodes = [...readModel(bufferRange(readFileSync(file))).graph.nodes()]
  const isFloat = nodes.some(
    (node) =>
      !node.is('QuantizeLinear') &&
      node.inputs.some((input) => input?.producer?.is('DequantizeLinear') ?? false),
  )
  return { operators: nodes.map(({ opType }) => opType), isFloat }
}

function ruleOf(model: Model) {
  const node = [...model.graph.nodes()].find(({ outputs }) => outputs[0]?.name === 'y')
  const rule = node === undefined ? 'unknown' : opRule(node)
  if (rule === 'unknown') throw new Error('the case has no rule')
  return rule.quantization
}

describe('quantization slot', () => {
  it.each(QUANTIZATION_CASES)('$title', async (quantizationCase) => {
    const model = quantized(quantizationCase, 'equal scales')
    const rule = ruleOf(model)
    const equal = await optimized(model)
    const different = await optimized(quantized(quantizationCase, 'two scales'))
    if (rule === 'float') {
      expect([equal.isFloat, different.isFloat]).toEqual([true, true])
      return
    }
    expect(equal.isFloat).toBe(false)
    const kernels = different.operators.filter((operator) => operator.startsWith('QLinear'))
    if (rule === 'carries') {
      expect(kernels).toEqual([])
      return
    }
    expect(different.isFloat).toBe(false)
    expect(rule.kernels).toContain(kernels[0])
    const open = await optimized(quantized(quantizationCase, 'none behind'))
    expect(open.isFloat).toBe(rule.needsOutputQuantizer)
  })
})
