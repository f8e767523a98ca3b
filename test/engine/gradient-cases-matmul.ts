import type { GradientCase } from '#test/support/gradient-check'

function matmul(a: string, b: string): GradientCase {
  const graph = `g (float[${a}] a, float[${b}] b) => (float y) { y = MatMul(a, b) }`
  return { title: `MatMul [${a}] × [${b}]`, graph }
}

function gemm(title: string, a: string, b: string, c: string, attributes: string): GradientCase {
  const inputs = `float[${a}] a, float[${b}] b, float[${c}] c`
  return { title, graph: `g (${inputs}) => (float y) { y = Gemm<${attributes}>(a, b, c) }` }
}

function einsum(equation: string, ...shapes: readonly string[]): GradientCase {
  const inputs = shapes.map((shape, index) => `float[${shape}] x${index}`).join(', ')
  const names = shapes.map((_, index) => `x${index}`).join(', ')
  const graph = `g (${inputs}) => (float y) { y = Einsum<equation="${equation}">(${names}) }`
  return { title: `Einsum ${equation}`, graph }
}

export const MATMUL_CASES: readonly GradientCase[] = [
  matmul('3,4', '4,2'),
  matmul('2,3,4', '4,5'),
  matmul('2,3,4', '2,4,2'),
  matmul('2,1,3,4', '3,4,2'),
  matmul('3,4', '2,4,2'),
  matmul('4', '4'),
  matmul('4', '2,4,3'),
  matmul('2,3,4', '4'),
  {
    title: 'MatMul of unknown batch',
    graph: 'g (float[N,S,4] a, float[4,3] b) => (float y) { y = MatMul(a, b) }',
    sizes: { N: 2, S: 3 },
  },
  gemm('Gemm', '3,4', '4,2', '2', 'alpha=1.0'),
  gemm('Gemm transB', '3,4', '2,4', '3,1', 'transB=1, alpha=0.5, beta=2.0'),
  gemm('Gemm transA', '4,3', '4,2', '1', 'transA=1'),
  gemm('Gemm transA transB', '4,3', '2,4', '1,2', 'transA=1, transB=1, alpha=1.5'),
  einsum('bij,bjk->bik', '2,3,4', '2,4,2'),
  einsum('bhqd,bhkd->bhqk', '1,2,3,4', '1,2,2,4'),
  einsum('ij,jk', '2,3', '3,2'),
  einsum('i,j->ij', '3', '4'),
]
