import { describe, expect, it } from 'vitest'
import { GradientRefusal } from '#engine/ops/gradient-call'
import { checkGradients } from '#test/support/gradient-check'

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  [
    'Einsum of a diagonal',
    'g (float[3,3] x) => (float y) { y = Einsum<equation="ii->i">(x) }',
    /'y' \(Einsum\) has no gradient: 'ii' takes a diagonal/,
  ],
  [
    'Einsum summing one operand alone',
    'g (float[2,3] a, float[2] b) => (float y) { y = Einsum<equation="ij,i->i">(a, b) }',
    /'j' is summed over one operand alone/,
  ],
  [
    'Conv with SAME padding of unknown sizes',
    'g (float[1,1,H,W] x, float[1,1,3,3] w) => (float y) { y = Conv<auto_pad="SAME_UPPER", strides=[2,2]>(x, w) }',
    /size of axis 2 is not known/,
  ],
  [
    'Resize that crops',
    `g (float[1,1,4,4] x) => (float y) <float[8] r = {0, 0, 0.1, 0.1, 1, 1, 0.9, 0.9}, float[4] s = {1, 1, 2, 2}>
      { y = Resize<mode="linear", coordinate_transformation_mode="tf_crop_and_resize">(x, r, s) }`,
    /it crops/,
  ],
  [
    'ScatterElements that multiplies',
    `g (float[3] x, float[1] u) => (float y) <int64[1] i = {1}>
      { y = ScatterElements<reduction="mul">(x, i, u) }`,
    /reduction mul/,
  ],
  [
    'RNN with an activation that lacks its parameters',
    `g (float[3,1,2] x, float[1,2,2] w, float[1,2,2] r) => (float y)
      { y = RNN<hidden_size=2, activations=["Affine"]>(x, w, r) }`,
    /'y' \(RNN\) has no gradient: the activation Affine lacks parameters/,
  ],
  [
    'Attention with keys of an earlier call',
    `g (float[1,2,3,2] q, float[1,2,3,2] k, float[1,2,3,2] v, float[1,2,4,2] pk, float[1,2,4,2] pv)
      => (float y, float nk, float nv) { y, nk, nv = Attention(q, k, v, "", pk, pv) }`,
    /'y' \(Attention\) has no gradient: it reads keys of an earlier call/,
  ],
]

describe('gradients that are refused', () => {
  it.each(REFUSED)('%s', async (title, graph, reason) => {
    const refusal = checkGradients({ title, graph, sizes: { H: 4, W: 4 }, opset: 23 }, 1)
    await expect(refusal).rejects.toThrow(reason)
    await expect(refusal).rejects.toBeInstanceOf(GradientRefusal)
  })
})
