// Models that the static gate refuses, and what it says.

import type { OnnxErrorCode, OnnxErrorPlace } from '#src/onnx/onnx-error'

export interface RefusedModel {
  readonly what: string
  /** Graph, and functions behind it, for IR version 10 and opset 21; or a whole model that starts with `<`. */
  readonly text: string
  readonly code: OnnxErrorCode
  readonly says: RegExp
  readonly where?: OnnxErrorPlace
}

/** `depth` branches inside one another, counting the main graph. */
function nestedBranches(depth: number): string {
  let body = 'y0 = Neg(x)'
  for (let level = 1; level < depth; level += 1) {
    const [inner, outer] = [`y${level - 1}`, `y${level}`]
    body = `${outer} = If (c) <then_branch = t () => (float ${inner}) { ${body} }, else_branch = e () => (float n${level}) { n${level} = Abs(x) }>`
  }
  return `g (float x, bool c) => (float y${depth - 1}) { ${body} }`
}

/** Functions that each call the next one twice. */
function doublingFunctions(levels: number): string {
  const functions = Array.from({ length: levels }, (_, level) => {
    const next = level + 1 === levels ? 'Neg' : `local.f${level + 1}`
    return `<domain: "local", opset_import: ["" : 21, "local" : 1]> f${level} (x) => (y) { a = ${next}(x) y = ${next}(a) }`
  })
  return `g (float x) => (float y) { y = local.f0(x) } ${functions.join(' ')}`
}

function loop(count: string, condition: string): string {
  return `g (float x, bool go) => (float y) <int64 many = {4611686018427387904}, bool yes = {1}, float one = {1}> {
    y = Loop (${count}, ${condition}, x) <body = b (int64 i, bool c, float a) => (bool d, float e) {
      d = Identity(c) e = Add(a, one) }> }`
}

export const REFUSED_MODELS: readonly RefusedModel[] = [
  {
    what: 'an opset from the future',
    text: '<ir_version: 10, opset_import: ["" : 999]> g (float x) => (float y) { y = Neg(x) }',
    code: 'onnx_version_unsupported',
    says: /opset 999 of ai\.onnx.*1 to 26/u,
  },
  {
    what: 'an IR version from the future',
    text: '<ir_version: 99, opset_import: ["" : 21]> g (float x) => (float y) { y = Neg(x) }',
    code: 'onnx_version_unsupported',
    says: /IR version 99.*1 to 13/u,
  },
  {
    what: 'no IR version',
    text: '<opset_import: ["" : 21]> g (float x) => (float y) { y = Neg(x) }',
    code: 'onnx_version_unsupported',
    says: /no IR version/u,
  },
  {
    what: 'no opset',
    text: '<ir_version: 10> g (float x) => (float y) { y = Neg(x) }',
    code: 'onnx_version_unsupported',
    says: /'y' \(Neg\) is of ai\.onnx, whose opset the model does not import/u,
  },
  {
    what: 'operators that do not exist, all of them',
    text: 'g (float x) => (float y) { a = Foo(x) b = com.acme.Bar(a) y = com.microsoft.Baz(b) }',
    code: 'unsupported_operator',
    says: /ai\.onnx\.Foo.*com\.acme\.Bar is a custom operator.*com\.microsoft\.Baz/u,
    where: { node: 'a', opType: 'Foo' },
  },
  {
    what: 'an operator younger than the opset',
    text: '<ir_version: 8, opset_import: ["" : 13]> g (float[2] x) => (y) { y = Gelu(x) }',
    code: 'unsupported_operator',
    says: /Gelu exists since opset 20 and the model imports 13/u,
  },
  {
    what: 'an operator that the opset took away',
    text: 'g (float[2] x) => (y) { y = Scatter(x, x, x) }',
    code: 'unsupported_operator',
    says: /Scatter does not exist any more/u,
  },
  {
    what: 'too few inputs',
    text: 'g (float x) => (float y) { y = Add(x) }',
    code: 'invalid_graph',
    says: /'y' \(Add\) has 1 inputs; Add takes 2/u,
    where: { node: 'y', opType: 'Add' },
  },
  {
    what: 'a required attribute that is missing',
    text: 'g (float x) => (float y) { y = Cast(x) }',
    code: 'invalid_attribute',
    says: /lacks the attribute 'to'/u,
    where: { node: 'y', opType: 'Cast', attribute: 'to' },
  },
  {
    what: 'a cycle',
    text: 'g (float x) => (float y) { a = Add(x, b) b = Neg(a) y = Neg(b) }',
    code: 'invalid_graph',
    says: /'a' \(Add\) reads 'b'.*cycle/u,
    where: { node: 'a', opType: 'Add', tensor: 'b' },
  },
  {
    what: 'nodes in the wrong order',
    text: 'g (float x) => (float y) { y = Neg(a) a = Neg(x) }',
    code: 'invalid_graph',
    says: /'y' \(Neg\) reads 'a', which node 'a' \(Neg\) writes later/u,
  },
  {
    what: 'an output that nothing writes',
    text: 'g (float x) => (float y, float z) { y = Neg(x) }',
    code: 'invalid_graph',
    says: /'z'/u,
  },
  {
    what: 'no outputs',
    text: 'g (float x) => () { y = Neg(x) }',
    code: 'invalid_graph',
    says: /no outputs/u,
  },
  {
    what: 'text as input',
    text: 'g (string[N] x) => (string[N] y) { y = Identity(x) }',
    code: 'unsupported_input',
    says: /input 'x' is a tensor of string; inputs must be tensors of numbers/u,
    where: { tensor: 'x' },
  },
  {
    what: 'a sequence as input',
    text: 'g (seq(float[2]) x) => (int64 y) { y = SequenceLength(x) }',
    code: 'unsupported_input',
    says: /a sequence/u,
  },
  {
    what: 'graphs nested too deeply',
    text: nestedBranches(17),
    code: 'graph_too_deep',
    says: /more than 16 deep/u,
  },
  {
    what: 'functions that multiply when inlined',
    text: doublingFunctions(16),
    code: 'function_expansion_limit',
    says: /makes 65536 nodes; at most 40000/u,
  },
  {
    what: 'functions that call each other',
    text: `g (float x) => (float y) { y = local.f(x) }
      <domain: "local", opset_import: ["local" : 1]> f (x) => (y) { y = local.h(x) }
      <domain: "local", opset_import: ["local" : 1]> h (x) => (y) { y = local.f(x) }`,
    code: 'invalid_graph',
    says: /local\.f calls itself/u,
  },
  {
    what: 'a name without end',
    text: `g (float x) => (float y) { "${'n'.repeat(300)}" = Neg(x) y = Neg("${'n'.repeat(300)}") }`,
    code: 'name_too_long',
    says: /'n{40}…' has 300 characters; at most 256/u,
  },
  {
    what: 'a block size whose square overflows',
    text: 'g (float[1, 4, 2, 2] x) => (y) { y = DepthToSpace <blocksize = 4294967296> (x) }',
    code: 'invalid_attribute',
    says: /'blocksize' with 4294967296; it must lie between 1 and 4096/u,
    where: { node: 'y', opType: 'DepthToSpace', attribute: 'blocksize' },
  },
  {
    what: 'an empty window',
    text: 'g (float[1, 4, 2, 2] x) => (y) { y = MaxPool <kernel_shape = [0, 2]> (x) }',
    code: 'invalid_attribute',
    says: /kernel_shape/u,
  },
  {
    what: 'a loop without end',
    text: loop('many', 'yes'),
    code: 'loop_unbounded',
    says: /'y' \(Loop\) has the count 4611686018427387904.*at most 1000000/u,
  },
  {
    what: 'a loop with neither count nor condition',
    text: loop('""', '""'),
    code: 'loop_unbounded',
    says: /no count/u,
  },
  {
    what: 'a loop whose body hides an input behind a constant',
    text: `g (float x) => (float y) <int64 n = {2}, bool c = {1}> { y = Loop (n, c, x) <
      body = b (int64 i, bool d, float a) => (bool d, float e) <float a = {1}> { e = Neg(a) }> }`,
    code: 'invalid_graph',
    says: /'a' both as an input and as an initializer/u,
  },
  {
    what: 'a scalar where a kernel trusts in a vector',
    text: `g (int32[1, 2] ids, int32[1, 2] seg, int32[1, 2] mask) => (y, m)
      <float[3, 4] w = {${'1, '.repeat(11)}1}, float[3, 4] p = {${'1, '.repeat(11)}1}, float[4] gamma = {1, 1, 1, 1}, float beta = {1}> {
      y, m = com.microsoft.EmbedLayerNormalization(ids, seg, w, p, w, gamma, beta) }`,
    code: 'invalid_graph',
    says: /input 6 of node 'y'.*'beta' of rank 0; it must be of rank 1/u,
  },
  {
    what: 'NaN and infinity among weights',
    text: 'g (float[1, 2] x) => (y) <float[2, 2] w = {1, nan, inf, 2}> { y = MatMul(x, w) }',
    code: 'invalid_weights',
    says: /'w' holds 2 values/u,
    where: { tensor: 'w' },
  },
  {
    what: 'NaN among float16 weights',
    text: 'g (float16[1, 2] x) => (y) <float16[2, 2] w = {1, nan, 3, 2}> { y = MatMul(x, w) }',
    code: 'invalid_weights',
    says: /'w' holds 1 values/u,
  },
  {
    what: 'a scale of zero',
    text: 'g (float[2] x) => (y) <float s = {0}> { y = QuantizeLinear(x, s) }',
    code: 'invalid_weights',
    says: /scale 0 in 's'; scales must be finite and above 0/u,
    where: { node: 'y', opType: 'QuantizeLinear', tensor: 's' },
  },
  {
    what: 'a scale that is not a number',
    text: 'g (int8[2] x) => (y) <float[2] s = {1, nan}> { y = DequantizeLinear <axis = 0> (x, s) }',
    code: 'invalid_weights',
    says: /scale NaN in 's'/u,
  },
]

export const ACCEPTED_MODELS: Readonly<Record<string, string>> = {
  'masks of infinity': 'g (float[2] x) => (y) <float[2] mask = {0, -inf}> { y = Add(x, mask) }',
  'a count with a condition of the body’s own': `g (float x) => (float y) <int64 many = {4611686018427387904}, bool yes = {1}> {
    y = Loop (many, yes, x) <body = b (int64 i, bool c, float a) => (bool d, float e) { d = Less(a, x) e = Neg(a) }> }`,
  'a bounded loop': loop('many', 'yes').replace('4611686018427387904', '1000'),
  'functions that stay small': doublingFunctions(10),
  'branches 16 deep': nestedBranches(16),
  'open shapes': 'g (float[N, C, ?, ?] x) => (y) { y = Relu(x) }',
  'operators of other domains': `g (float[2, 2] x) => (y) { a = com.microsoft.Gelu(x) y = ai.onnx.ml.Normalizer <norm = "L2"> (a) }`,
  'strange names': `g (float "a\\nb [31m") => (float "{\\"y\\": 1}") { "{\\"y\\": 1}" = Neg("a\\nb [31m") }`,
  'inputs left out': 'g (float[2] x) => (y) <float top = {1}> { y = Clip(x, "", top) }',
  'weights of zero': 'g (float[1, 2] x) => (y) <float[2, 1] w = {0, 0}> { y = MatMul(x, w) }',
}
