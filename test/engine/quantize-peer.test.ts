// ONNX Runtime's own quantization tests as facts: the operators that it quantizes in each of its cases, and what is the same or
// different here, on purpose.

import { expect, test } from 'vitest'
import type { StaticOptions } from '#engine/quantize/static'
import { STATIC_DEFAULTS, staticCandidates } from '#engine/quantize/static'
import { parseModel } from '#src/onnx/text/parse-model'
import { floatTensor, outputNoise, runtime } from './model-runs.ts'
import type { PeerCase } from './quantize-peer-case.ts'
import { SHARED } from './quantize-peer-case.ts'
import { PEER_CASES } from './quantize-peer-cases.ts'
import { quantizedNodes } from './quantized-nodes.ts'

const OPTIONS: StaticOptions = {
  ...STATIC_DEFAULTS,
  calibration: { name: 'minmax', percentile: 100 },
  equalize: false,
  smoothQuant: false,
  biasCorrection: false,
  placements: ['all-but-first'],
}

function textOf({ input, outputs, constants, body }: PeerCase): string {
  return `<ir_version: 8, opset_import: ["" : 18]>
    g (float[${input.join()}] x) => (${outputs}) <${constants}, ${SHARED}> { ${body} }`
}

test.each(PEER_CASES)('$file: $title', async (peerCase) => {
  const { input, upstream, difference } = peerCase
  const text = textOf(peerCase)
  const feeds = [1, 2].map((seed) => ({ x: floatTensor(input, seed) }))
  const { candidates } = await staticCandidates(parseModel(text), OPTIONS, feeds, runtime)
  const [candidate] = candidates
  const made = quantizedNodes(candidate!.model).map(({ node }) => node.opType)
  const expected = difference === 'none' ? upstream : difference.ours
  expect(made.toSorted()).toEqual(expected.toSorted())
  expect(await outputNoise(parseModel(text), candidate!.model, feeds[0]!)).toBeGreaterThan(25)
})

test('every difference has its reason, and is one', () => {
  const different = PEER_CASES.filter(({ difference }) => difference !== 'none')
  for (const { difference, upstream } of different) {
    if (difference === 'none') continue
    expect(difference.why.length).toBeGreaterThan(20)
    expect(difference.ours).not.toEqual(upstream)
  }
  expect(PEER_CASES.length - different.length).toBeGreaterThan(4)
})
