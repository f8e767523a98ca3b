// A network with the shape of ResNet-18 at 224 × 224, batch normalization folded: weights by He's rule from a seeded generator.

import { typedTensor } from '#src/onnx/ir/tensor'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'

interface Layer {
  readonly inputs: number
  readonly outputs: number
  readonly kernel: number
}

export const IMAGE = [3, 224, 224] as const

/** As the bytes of an ONNX file; equal seeds give equal bytes. */
export function residualNetwork(seed: number): Uint8Array {
  const layers: Layer[] = []
  const lines: string[] = []
  const conv = (input: string, layer: Layer, stride: number): string => {
    const index = layers.push(layer) - 1
    const pad = (layer.kernel - 1) / 2
    const attributes = `pads = [${[pad, pad, pad, pad].join()}], strides = [${stride}, ${stride}]`
    lines.push(`[conv${index}] c${index} = Conv<${attributes}>(${input}, w${index}, b${index})`)
    return `c${index}`
  }
  const relu = (input: string): string => {
    lines.push(`r${lines.length} = Relu(${input})`)
    return `r${lines.length - 1}`
  }
  const stem = relu(conv('x', { inputs: 3, outputs: 64, kernel: 7 }, 2))
  lines.push(`p = MaxPool<kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]>(${stem})`)
  let [value, channels] = ['p', 64]
  for (const outputs of [64, 64, 128, 128, 256, 256, 512, 512]) {
    const stride = outputs === channels ? 1 : 2
    const wide = { inputs: channels, outputs, kernel: 3 }
    const first = relu(conv(value, wide, stride))
    const second = conv(first, { inputs: outputs, outputs, kernel: 3 }, 1)
    const skip = stride === 1 ? value : conv(value, { ...wide, kernel: 1 }, stride)
    lines.push(`s${lines.length} = Add(${second}, ${skip})`)
    value = relu(`s${lines.length - 1}`)
    channels = outputs
  }
  lines.push(`g = GlobalAveragePool(${value})`, 'f = Flatten(g)')
  const last = layers.push({ inputs: channels, outputs: 1000, kernel: 1 }) - 1
  lines.push(`[classifier] y = Gemm<transB = 1>(f, w${last}, b${last})`)
  const constants = layers.map((_, index) => `float[1] w${index} = {0}, float[1] b${index} = {0}`)
  const model = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    resnet18 (float[N, ${IMAGE.join(', ')}] x) => (float[N, 1000] y)
    <${constants.join(', ')}> { ${lines.join('\n')} }`)
  const random = uniform(seed)
  layers.forEach(({ inputs, outputs, kernel }, index) => {
    const window = index === last ? [] : [kernel, kernel]
    const dims = [outputs, inputs, ...window]
    const scale = Math.sqrt(6 / (inputs * kernel * kernel))
    const count = dims.reduce((product, dim) => product * dim, 1)
    const weights = Float32Array.from({ length: count }, () => (2 * random() - 1) * scale)
    const biases = new Float32Array(outputs)
    const tensors = [
      typedTensor(`w${index}`, 'float32', dims, weights),
      typedTensor(`b${index}`, 'float32', [outputs], biases),
    ]
    for (const tensor of tensors) {
      const placeholder = model.graph.initializers.get(tensor.name)
      if (placeholder !== undefined) model.graph.setInitializer(placeholder, tensor)
    }
  })
  return modelBytes(model)
}

/** Mulberry32 in [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
