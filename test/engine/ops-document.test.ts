import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { opSupportSource, opsMarkdown } from '#engine/ops/op-document'
import { OP_SUPPORT } from '#src/onnx/operators/op-support'

const REMEDY = 'generate it anew: npm run gen'

describe('documents generated from the op registry', () => {
  it.each([
    ['docs/ops.md', opsMarkdown],
    ['src/onnx/operators/op-support.ts', opSupportSource],
  ])('%s is up to date', (file, generate) => {
    expect(readFileSync(file, 'utf8'), REMEDY).toBe(generate())
  })

  it('answers for operators by name and domain', () => {
    const conv = { axes: 'defined', gradient: 'defined', quantization: 'integer' }
    expect(OP_SUPPORT.get('Conv')).toEqual(conv)
    expect(OP_SUPPORT.get('Relu')).toEqual({ ...conv, axes: 'same', quantization: 'float' })
    expect(OP_SUPPORT.get('com.microsoft.Gelu')?.gradient).toBe('defined')
    expect(OP_SUPPORT.get('Resize')?.quantization).toBe('float')
  })
})
