import { describe, expect, it } from 'vitest'
import { mergeFamilies, opRule, ruledOperators } from '#engine/ops/registry'
import { OPAQUE } from '#engine/ops/op'
import { Node } from '#src/onnx/ir/node'
import { AI_ONNX } from '#src/onnx/operators/ai-onnx'
import { MAC_RULES } from '#src/onnx/macs/count-macs'
import { operatorVersions } from '#src/onnx/operators/operator-table'

const STANDARD = AI_ONNX.trim()
  .split('\n')
  .map((line) => line.split(' ')[0] ?? '')

/** In ai.onnx by the runtime's doing, not by the standard. */
const UNDOCUMENTED = ['SimplifiedLayerNormalization']

describe('op registry', () => {
  it('answers for every operator of ai.onnx', () => {
    const ruled = ruledOperators('')
    expect(STANDARD.filter((operator) => !ruled.has(operator))).toEqual([])
    expect(STANDARD.length).toBeGreaterThan(190)
  })

  it('has no rule for an operator that does not exist', () => {
    const strangers = [...ruledOperators('').keys()].filter(
      (operator) => operatorVersions('', operator) === null && !UNDOCUMENTED.includes(operator),
    )
    expect(strangers).toEqual([])
  })

  it('counts by the formulas that the API counts by', () => {
    const counted = ['', 'com.microsoft'].flatMap((domain) =>
      [...ruledOperators(domain)].flatMap(([operator, entry]) =>
        'rules' in entry || entry.macs === 'none'
          ? []
          : [[domain === '' ? operator : `${domain}.${operator}`, entry.macs] as const],
      ),
    )
    expect(Object.fromEntries(counted)).toEqual(MAC_RULES)
  })

  it('refuses a second rule for an operator', () => {
    expect(() => mergeFamilies([{ Conv: OPAQUE }, { Conv: OPAQUE }])).toThrow(/Conv/)
  })

  it('tells operators apart by their domain and their mode', () => {
    const node = (opType: string, domain = '') =>
      new Node({ opType, domain, inputs: [], outputs: [] })
    expect(opRule(node('Relu', 'com.acme'))).toBe('unknown')
    expect(opRule(node('Relu', 'ai.onnx'))).toBe(opRule(node('Relu')))
    expect(opRule(node('Resize'))).toMatchObject({ quantization: 'carries' })
  })
})
