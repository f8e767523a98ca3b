import type { GradientCase } from '#test/support/gradient-check'

function moving(
  op: string,
  shape: string,
  operands = '',
  constants = '',
  attributes = '',
): GradientCase {
  const list = operands === '' ? 'x' : `x, ${operands}`
  const given = constants === '' ? '' : `<${constants}>`
  const graph = `g (float[${shape}] x) => (float y) ${given} { y = ${op}<${attributes}>(${list}) }`
  return { title: `${op} [${shape}] ${attributes} ${constants}`.trim(), graph }
}

export const MOVING_CASES: readonly GradientCase[] = [
  moving('Reshape', '2,3,4', 's', 'int64[2] s = {4, -1}'),
  moving('Flatten', '2,3,4', '', '', 'axis=2'),
  moving('Squeeze', '2,1,3', 'a', 'int64[1] a = {1}'),
  moving('Unsqueeze', '2,3', 'a', 'int64[2] a = {0, -1}'),
  moving('Transpose', '2,3,4', '', '', 'perm=[1,2,0]'),
  moving('Transpose', '2,3', '', ''),
  moving('Expand', '3,1', 's', 'int64[3] s = {2, 3, 4}'),
  moving('Tile', '2,3', 'r', 'int64[2] r = {2, 3}'),
  moving('Slice', '4,5', 's, e, a', 'int64[1] s = {1}, int64[1] e = {-1}, int64[1] a = {1}'),
  moving(
    'Slice',
    '4,7',
    's, e, a, t',
    'int64[1] s = {1}, int64[1] e = {9}, int64[1] a = {-1}, int64[1] t = {2}',
  ),
  moving(
    'Slice',
    '5,2',
    's, e, a, t',
    'int64[1] s = {-1}, int64[1] e = {-9}, int64[1] a = {0}, int64[1] t = {-2}',
  ),
  moving('Gather', '4,3', 'i', 'int64[2,2] i = {0, 2, 2, -1}'),
  moving('Gather', '2,4,3', 'i', 'int64[3] i = {3, 0, 3}', 'axis=1'),
  moving('Gather', '2,3,4', 'i', 'int64[2,2] i = {1, 0, 1, 1}', 'axis=-1'),
  moving('Gather', '2,4,3', 'i', 'int64 i = {2}', 'axis=1'),
  moving('GatherElements', '3,4', 'i', 'int64[2,4] i = {0, 2, 2, 1, 0, 1, 1, 1}'),
  moving('GatherND', '3,4', 'i', 'int64[3,1] i = {2, 0, 2}'),
  moving('GatherND', '2,3,2', 'i', 'int64[2,1] i = {2, 1}', 'batch_dims=1'),
  moving('Compress', '2,4', 'c', 'bool[4] c = {1, 0, 1, 1}', 'axis=1'),
  moving('ReverseSequence', '4,2,3', 'l', 'int64[2] l = {3, 4}'),
  moving('CumSum', '3,4', 'a', 'int64 a = {1}', 'exclusive=1'),
  moving('CumSum', '3,4', 'a', 'int64 a = {0}', 'reverse=1'),
  moving('Trilu', '2,4,4', 'k', 'int64 k = {1}', 'upper=0'),
  moving('Pad', '3,4', 'p', 'int64[4] p = {1, 0, 2, 1}'),
  moving('Pad', '3,4', 'p, "", a', 'int64[2] p = {1, 2}, int64[1] a = {1}'),
  moving('Pad', '3,4', 'p', 'int64[4] p = {1, 0, 2, 1}', 'mode="reflect"'),
  moving('Pad', '3,4', 'p', 'int64[4] p = {0, 2, 1, 1}', 'mode="edge"'),
  moving('DepthToSpace', '1,8,2,3', '', '', 'blocksize=2'),
  moving('DepthToSpace', '2,8,2,2', '', '', 'blocksize=2, mode="CRD"'),
  moving('SpaceToDepth', '1,2,4,6', '', '', 'blocksize=2'),
  {
    title: 'Concat',
    graph: 'g (float[2,3] a, float[2,1] b) => (float y) { y = Concat<axis=-1>(a, b, a) }',
  },
  {
    title: 'Concat of unknown sizes',
    graph: 'g (float[N,A] a, float[N,B] b) => (float y) { y = Concat<axis=1>(a, b) }',
    sizes: { N: 2, A: 3, B: 1 },
  },
  {
    title: 'Split',
    graph:
      'g (float[2,6] x) => (float y, float z) <int64[3] s = {1, 3, 2}> { y, u, z = Split<axis=1>(x, s) }',
  },
  {
    title: 'TopK',
    graph: 'g (float[3,5] x) => (float y) <int64[1] k = {2}> { y, i = TopK(x, k) }',
  },
  {
    title: 'ScatterElements',
    graph:
      'g (float[3,3] x, float[1,3] u) => (float y) <int64[1,3] i = {2, 0, 1}> { y = ScatterElements(x, i, u) }',
  },
  {
    title: 'ScatterND with addition',
    graph:
      'g (float[4,2] x, float[2,2] u) => (float y) <int64[2,1] i = {1, 1}> { y = ScatterND<reduction="add">(x, i, u) }',
  },
  {
    title: 'Reshape and Transpose of unknown sizes',
    graph:
      'g (float[N,S,6] x) => (float y) <int64[4] s = {0, 0, 2, 3}> { r = Reshape(x, s) y = Transpose<perm=[0,2,1,3]>(r) }',
    sizes: { N: 2, S: 2 },
  },
  {
    title: 'Slice of unknown sizes',
    graph:
      'g (float[N,S] x) => (float y) <int64[1] s = {1}, int64[1] e = {3}, int64[1] a = {1}> { y = Slice(x, s, e, a) }',
    sizes: { N: 2, S: 5 },
  },
]
