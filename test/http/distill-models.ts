// Teachers and students that are uploaded to be distilled.

import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import { toyModel } from '#test/support/toy-model'

const HEADER = '<ir_version: 8, opset_import: ["" : 17]>'
const WEIGHTS = '<float[6, 3, 3, 3] w1 = random(9, 0.3), float[6, 4] w2 = random(8, 0.5)>'
const LAYERS = 'c = Conv <pads = [1, 1, 1, 1]> (x, w1) r = Relu (c) p = GlobalAveragePool (r)'

/** Takes what the toy model takes. */
function network(output: string, body: string, batch = 'batch'): Uint8Array {
  const head = `student (float[${batch}, 3, 8, 8] x) => (float[${batch}, 4] ${output}) ${WEIGHTS}`
  return modelBytes(parseModel(`${HEADER} ${head} { ${body} }`))
}

export const MODELS = {
  teacher: toyModel(),
  student: network('y', `${LAYERS} f = Flatten (p) y = MatMul (f, w2)`),
  forty: network('y', `${LAYERS} f = Flatten (p) y = MatMul (f, w2)`, '40'),
  eight: network('y', `${LAYERS} f = Flatten (p) y = MatMul (f, w2)`, '8'),
  renamed: network('z', `${LAYERS} f = Flatten (p) z = MatMul (f, w2)`),
  stubborn: network(
    'y',
    'n = NonZero (x) c = Conv (x, w1) g = GridSample (c, c) p = GlobalAveragePool (g) f = Flatten (p) y = MatMul (f, w2)',
  ),
  deep: modelBytes(
    parseModel(`${HEADER} deep (float[batch, 3, 8, 8] x) => (float[batch, 4] y)
      <float[6, 3, 3, 3] w1 = random(9, 0.3), float[6, 6, 1, 1] w3 = random(7, 0.3), float[6, 6, 1, 1] w4 = random(6, 0.3), float[6, 4] w2 = random(8, 0.5)>
      { c = Conv <pads = [1, 1, 1, 1]> (x, w1) d1 = Conv (c, w3) e1 = Add (c, d1) d2 = Conv (e1, w4) e2 = Add (e1, d2)
        p = GlobalAveragePool (e2) f = Flatten (p) y = MatMul (f, w2) }`),
  ),
}
