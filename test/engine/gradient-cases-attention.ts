// Attention of opset 23 in every form that the runtime runs, and rotary embeddings.

import type { GradientCase } from '#test/support/gradient-check'

const FOUR = 'float[2,4,3,2] q, float[2,4,5,2] k, float[2,4,5,3] v'
const SHARED = 'float[2,4,3,2] q, float[2,2,5,2] k, float[2,2,5,3] v'
const THREE = 'float[2,3,8] q, float[2,5,4] k, float[2,5,6] v'
const HEADS = 'q_num_heads=4, kv_num_heads=2'
const SOME = 'bool[3,5] m = {1,1,0,1,0, 0,1,1,1,1, 1,0,0,1,1}'
const LOWER = 'bool[3,5] m = {1,1,0,1,0, 1,1,1,1,1, 1,0,1,1,1}'
const ROW_WITHOUT = 'bool[3,5] m = {1,1,0,1,0, 0,0,0,0,0, 1,0,0,1,1}'
const ROTARY = 'float[2,3,2] c = random(3, 1.0), float[2,3,2] s = random(4, 1.0)'

function attention(
  title: string,
  inputs: string,
  attributes = '',
  mask: { readonly constant?: string; readonly name?: string } = {},
  rest: Partial<GradientCase> = {},
): GradientCase {
  const operands = ['q', 'k', 'v', mask.name ?? 'none'].filter((name) => name !== 'none')
  const constants = mask.constant === undefined ? '' : `<${mask.constant}>`
  const form = attributes === '' ? '' : `<${attributes}>`
  const graph = `g (${inputs}) => (float y) ${constants} { y = Attention${form}(${operands.join()}) }`
  return { title: `Attention: ${title}`, graph, opset: 23, range: [-1.5, 1.5], ...rest }
}

function rotary(title: string, input: string, constants: string, node: string): GradientCase {
  const graph = `g (${input} x) => (float y) <${constants}> { y = RotaryEmbedding${node} }`
  return { title: `RotaryEmbedding: ${title}`, graph, opset: 23 }
}

export const ATTENTION_CASES: readonly GradientCase[] = [
  attention('four axes', FOUR),
  attention('a scale', FOUR, 'scale=0.9'),
  attention('queries share keys', SHARED),
  attention('heads side by side', THREE, HEADS),
  attention('causal', FOUR, 'is_causal=1'),
  attention('causal, heads side by side', THREE, `is_causal=1, ${HEADS}`),
  attention('a mask of truth values', SHARED, '', { constant: SOME, name: 'm' }),
  attention('a row without a key', SHARED, '', { constant: ROW_WITHOUT, name: 'm' }),
  attention('truth values and causal', SHARED, 'is_causal=1', { constant: LOWER, name: 'm' }),
  attention('a mask that is learnt', `${SHARED}, float[3,5] m`, '', { name: 'm' }),
  attention('a mask for each head', `${SHARED}, float[4,3,5] m`, '', { name: 'm' }),
  attention('a mask for each sample', `${SHARED}, float[2,1,3,5] m`, '', { name: 'm' }),
  attention('a mask and causal', `${SHARED}, float[1,4,3,5] m`, 'is_causal=1', { name: 'm' }),
  attention('a cap', FOUR, 'softcap=0.7'),
  attention('a cap and a mask', `${THREE}, float[3,5] m`, `softcap=1.5, ${HEADS}`, { name: 'm' }),
  attention('a cap, causal, queries share keys', SHARED, 'softcap=0.7, is_causal=1, scale=1.2'),
  attention(
    'unknown sizes',
    'float[B,S,8] q, float[B,T,4] k, float[B,T,6] v',
    `is_causal=1, ${HEADS}`,
    {},
    { sizes: { B: 2, S: 3, T: 3 } },
  ),
  {
    title: 'Attention: keys and values handed on',
    graph: `g (float[2,4,3,2] q, float[2,2,5,2] k, float[2,2,5,3] v) => (float y, float pk, float pv)
      { y, pk, pv = Attention(q, k, v) }`,
    opset: 23,
  },
  attention('opset 24', SHARED, 'softcap=0.7, is_causal=1', {}, { opset: 24 }),
  rotary('halves', 'float[2,2,3,4]', ROTARY, '(x, c, s)'),
  rotary('pairs', 'float[2,2,3,4]', ROTARY, '<interleaved=1>(x, c, s)'),
  rotary('heads side by side', 'float[2,3,8]', ROTARY, '<num_heads=2>(x, c, s)'),
  rotary('a part of each head', 'float[2,2,3,6]', ROTARY, '<rotary_embedding_dim=4>(x, c, s)'),
  rotary(
    'places',
    'float[2,2,3,4]',
    'float[7,2] c = random(3, 1.0), float[7,2] s = random(4, 1.0), int64[2,3] p = {0,1,2, 4,5,6}',
    '(x, c, s, p)',
  ),
]
