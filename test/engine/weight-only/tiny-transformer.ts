// A block of a decoder with an embedding and a head, small: products in several shapes, normalizations before them, a Gemm, a table.

import type { Model } from '#src/onnx/ir/model'
import { parseModel } from '#src/onnx/text/parse-model'
import type { Feeds } from '../model-runs.ts'
import { normalValues } from '../model-runs.ts'

export const VOCABULARY = 64
const WIDTH = 64
const HIDDEN = 128

/** One row per channel, from 0.1 to 3. */
function unevenRow(name: string): string {
  const values = Array.from({ length: WIDTH }, (_, index) =>
    (0.1 + 2.9 * (((index * 37) % WIDTH) / WIDTH) ** 4).toFixed(4),
  )
  return `float[${WIDTH}] ${name} = {${values.join()}}`
}

export function tinyTransformer(): Model {
  return parseModel(`<ir_version: 8, opset_import: ["" : 17]>
  tiny (int64[B, S] ids) => (float[B, S, ${VOCABULARY}] logits, float[B, 48] pooled)
  <
    float[${VOCABULARY}, ${WIDTH}] table = random(1, 1),
    ${unevenRow('g1')}, float[${WIDTH}] e1 = random(2, 0.1),
    float[${WIDTH}, ${WIDTH}] wq = random(3, 0.12), float[${WIDTH}, ${WIDTH}] wk = random(4, 0.12),
    float[${WIDTH}, ${WIDTH}] wv = random(5, 0.12), float[${WIDTH}, ${WIDTH}] wo = random(6, 0.12),
    ${unevenRow('g2')}, float[${WIDTH}] e2 = random(7, 0.1),
    float[${WIDTH}, ${HIDDEN}] wu = random(8, 0.12), float[${HIDDEN}] bu = random(9, 0.1),
    float[${HIDDEN}, ${WIDTH}] wd = random(10, 0.1),
    float[${WIDTH}, ${VOCABULARY}] wh = random(11, 0.12),
    float[48, ${WIDTH}] wp = random(12, 0.12), float[48] bp = random(13, 0.1),
    float scale = {0.125}
  >
  {
    [embed] x = Gather(table, ids)
    n1 = LayerNormalization<axis = -1>(x, g1, e1)
    [q] q = MatMul(n1, wq)
    [k] k = MatMul(n1, wk)
    [v] v = MatMul(n1, wv)
    kt = Transpose<perm = [0, 2, 1]>(k)
    s = MatMul(q, kt)
    ss = Mul(s, scale)
    p = Softmax(ss)
    a = MatMul(p, v)
    [o] o = MatMul(a, wo)
    h = Add(x, o)
    n2 = LayerNormalization<axis = -1>(h, g2, e2)
    [up] u = MatMul(n2, wu)
    ub = Add(u, bu)
    r = Relu(ub)
    [down] d = MatMul(r, wd)
    y = Add(h, d)
    [head] logits = MatMul(y, wh)
    m = ReduceMean<axes = [1], keepdims = 0>(y)
    [pool] pooled = Gemm<transB = 1>(m, wp, bp)
  }`)
}

export function tokenFeeds(batch: number, length: number, seed: number): Feeds {
  const data = BigInt64Array.from(normalValues(batch * length, seed), (value) => {
    return BigInt(Math.floor(Math.abs(value) * 1000) % VOCABULARY)
  })
  return { ids: { dtype: 'int64', dims: [batch, length], data } }
}
