// Every operator of the standard has a shape rule, as has every one that the runtime's optimizer writes.

import { expect, test } from 'vitest'
import { AI_ONNX } from '#src/onnx/operators/ai-onnx'
import { AI_ONNX_ML } from '#src/onnx/operators/ai-onnx-ml'
import { COM_MICROSOFT } from '#src/onnx/operators/com-microsoft'
import { ruledOperators } from '#src/onnx/shapes/registry'

function namesIn(table: string): string[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
}

test.each([
  ['', AI_ONNX],
  ['ai.onnx.ml', AI_ONNX_ML],
])('domain "%s"', (domain, table) => {
  const ruled = new Set(ruledOperators(domain))
  const names = namesIn(table)
  expect(names.length).toBeGreaterThan(15)
  expect(names.filter((name) => !ruled.has(name))).toEqual([])
})

/** Operators of com.microsoft without a rule: their outputs stay unknown. */
const UNRULED = [
  'AttnLSTM',
  'BeamSearch',
  'BifurcationDetector',
  'CausalConvWithState',
  'ConvTransposeWithDynamicPads',
  'DecoderMaskedMultiHeadAttention',
  'DynamicTimeWarping',
  'EngramGate',
  'GatedAdd',
  'GatedRMSNorm',
  'GreedySearch',
  'LinearAttention',
  'LinearAttentionGate',
  'MRotaryEmbedding',
  'MatMulFpQ4',
  'NGramHashMapping',
  'Sampling',
  'SparseAttention',
  'SparseToDenseMatMul',
  'Tokenizer',
  'UnfoldTensor',
  'WhisperBeamSearch',
  'WordConvEmbedding',
]

test('com.microsoft', () => {
  const ruled = new Set(ruledOperators('com.microsoft'))
  const missing = namesIn(COM_MICROSOFT).filter((name) => !ruled.has(name))
  expect(missing.toSorted()).toEqual(UNRULED.toSorted())
})
