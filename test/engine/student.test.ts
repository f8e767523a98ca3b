// Students made of their teacher. The oracle of depth: a block whose branch gives zeros is no block.

import { describe, expect, it } from 'vitest'
import { makeStudent } from '#engine/distill/make-student'
import { openRuntime } from '#engine/runtime/ort'
import type { Model } from '#src/onnx/ir/model'
import { typedTensor } from '#src/onnx/ir/tensor'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { droppedBlocks, namesLost } from '#src/onnx/structure/dropped-blocks'
import { residualChains } from '#src/onnx/structure/residual-blocks'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'

const runtime = openRuntime()
const HEADER = '<ir_version: 10, opset_import: ["" : 17]>'

const CONV = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) =>
      `float[8, 8, 3, 3] a${index} = random(${index + 1}, 0.2), float[8, 8, 3, 3] b${index} = random(${index + 51}, 0.2), float[8] c${index} = {0, 0, 0, 0, 0, 0, 0, 0}`,
  ).join()

/** ReLU behind each sum; a projection in the middle that is no block. */
function residualNet(): Model {
  const block = (from: string, index: number): string =>
    `u${index} = Conv<pads=[1,1,1,1]>(${from}, a${index}) v${index} = Relu(u${index})
     w${index} = Conv<pads=[1,1,1,1]>(v${index}, b${index}, c${index}) s${index} = Add(w${index}, ${from}) r${index} = Relu(s${index})`
  return parseModel(`${HEADER} g (float[n, 3, 6, 6] x) => (float[n, 4] y)
    <float[8, 3, 3, 3] stem = random(90, 0.3), float[8, 8, 1, 1] p = random(91, 0.3), float[8, 8, 3, 3] q = random(92, 0.2), float[8, 4] f = random(93, 0.4), ${CONV(4)}>
    { i = Conv<pads=[1,1,1,1]>(x, stem) r = Relu(i) ${block('r', 0)} ${block('r0', 1)}
      d = Conv<strides=[2,2]>(r1, p) e = Conv<pads=[1,1,1,1], strides=[2,2]>(r1, q) h = Add(d, e) k = Relu(h)
      ${block('k', 2)} ${block('r2', 3)}
      m = GlobalAveragePool(r3) z = Flatten(m) y = MatMul(z, f) }`)
}

/** Normalization first, attention and a perceptron in turns, or normalization last. */
function transformer(order: 'pre' | 'post', layers: number): Model {
  const weights: string[] = []
  const lines: string[] = []
  let from = 'e'
  const norm = (to: string, of: string): void => {
    weights.push(`float[8] g_${to} = {1, 1, 1, 1, 1, 1, 1, 1}`)
    lines.push(`${to} = LayerNormalization(${of}, g_${to})`)
  }
  const weight = (name: string, shape: string): void => {
    weights.push(`float[${shape}] ${name} = random(${weights.length + 1}, 0.3)`)
  }
  const join = (branch: string, to: string): void => {
    lines.push(`${to}s = Add(${from}, ${branch})`)
    if (order === 'post') norm(to, `${to}s`)
    from = order === 'post' ? to : `${to}s`
  }
  if (order === 'post') norm('e', 'x')
  else lines.push('e = Identity(x)')
  for (let layer = 0; layer < layers; layer += 1) {
    for (const name of ['q', 'k', 'v', 'p']) weight(`${name}w${layer}`, '8, 8')
    weight(`iw${layer}`, '8, 16')
    weight(`ow${layer}`, '16, 8')
    let input = from
    if (order === 'pre') norm((input = `n${layer}`), from)
    for (const name of ['q', 'k', 'v'])
      lines.push(`${name}${layer} = MatMul(${input}, ${name}w${layer})`)
    lines.push(
      `t${layer} = Transpose<perm=[0,2,1]>(k${layer}) a${layer} = MatMul(q${layer}, t${layer})`,
      `am${layer} = Add(a${layer}, mask) p${layer} = Softmax(am${layer})`,
      `h${layer} = MatMul(p${layer}, v${layer}) at${layer} = MatMul(h${layer}, pw${layer})`,
    )
    join(`at${layer}`, `x${layer}`)
    input = from
    if (order === 'pre') norm((input = `m${layer}`), from)
    lines.push(
      `i${layer} = MatMul(${input}, iw${layer}) gl${layer} = Relu(i${layer}) ot${layer} = MatMul(gl${layer}, ow${layer})`,
    )
    join(`ot${layer}`, `z${layer}`)
  }
  lines.push(`y = Identity(${from})`)
  return parseModel(
    `${HEADER} g (float[n, 5, 8] x, float[n, 1, 5] mask) => (float[n, 5, 8] y) <${weights.join()}> { ${lines.join('\n')} }`,
  )
}

async function run(model: Model): Promise<Float32Array> {
  const session = await runtime.load(modelBytes(model), { threads: 1, optimization: 'basic' })
  const feeds = Object.fromEntries(
    session.inputs.map(({ name, shape }) => {
      const dims = (shape ?? []).map((dim) => (typeof dim === 'number' && dim > 0 ? dim : 2))
      const count = dims.reduce((product, dim) => product * dim, 1)
      const data = Float32Array.from({ length: count }, (_, index) => Math.sin(index * 1.7))
      return [name, { dtype: 'float32' as const, dims, data }]
    }),
  )
  const { y } = await session.run(feeds)
  await session.release()
  return y!.data as Float32Array
}

function zero(model: Model, names: readonly string[]): void {
  for (const name of names) {
    const value = model.graph.initializers.get(name)!
    const { dims } = value.constant!
    const elements = new Float32Array(dims.reduce((product, dim) => product * dim, 1))
    model.graph.setInitializer(value, typedTensor(name, 'float32', dims, elements))
  }
}

function expectClose(one: Float32Array, other: Float32Array): void {
  expect(one.length).toBe(other.length)
  const apart = one.map((value, index) => Math.abs(value - other[index]!))
  expect(Math.max(...apart)).toBeLessThan(1e-4)
  expect(Math.max(...one.map(Math.abs))).toBeGreaterThan(1e-2)
}

const chainsOf = (model: Model): string[][] =>
  residualChains(model, inferTypes(model)).map((chain) => chain.map(({ exit }) => exit.name))

describe('residual blocks', () => {
  it('end behind the activation that made their entry; a projection is none', () => {
    expect(chainsOf(residualNet())).toEqual([
      ['r0', 'r1'],
      ['r2', 'r3'],
    ])
  })

  it('of transformers are attention and perceptron in turns, with the normalization behind', () => {
    expect(chainsOf(transformer('pre', 2))).toEqual([['x0s', 'z0s', 'x1s', 'z1s']])
    expect(chainsOf(transformer('post', 2))).toEqual([['x0', 'z0', 'x1', 'z1']])
  })

  it('are not there where others read the inside', () => {
    const model = parseModel(`${HEADER} g (float[n, 8] x) => (float[n, 8] y, float[n, 8] inside)
      <float[8, 8] w = random(1, 0.3)> { inside = MatMul(x, w) t = Tanh(inside) y = Add(x, t) }`)
    expect(chainsOf(model)).toEqual([])
  })
})

describe('a student of half the depth', () => {
  it.each([
    ['residual network', () => residualNet()],
    ['transformer that normalizes before', () => transformer('pre', 4)],
    ['transformer that normalizes behind', () => transformer('post', 4)],
  ])('of a %s lacks the values that were told to be lost, and no others', async (_, make) => {
    const [teacher, student] = [make(), make()]
    const namesOf = ({ graph }: Model): string[] =>
      [...graph.nodes()].flatMap(({ outputs }) => outputs.flatMap((value) => value?.name ?? []))
    const chains = residualChains(teacher, inferTypes(teacher))
    const lost = namesLost(droppedBlocks(chains, 0.5))
    await makeStudent(student, { width: 1, depth: 0.5 }, 'none', runtime)
    expect(lost.size).toBeGreaterThan(0)
    expect(namesOf(student).toSorted()).toEqual(
      namesOf(teacher)
        .filter((name) => !lost.has(name))
        .toSorted(),
    )
  })

  it('computes what its teacher does with the branches at zero', async () => {
    const [teacher, student] = [residualNet(), residualNet()]
    const { details } = await makeStudent(student, { width: 1, depth: 0.5 }, 'none', runtime)
    expect(details).toMatchObject({ blocks: 4, dropped: 2, dropped_at: ['u1', 'u3'] })
    zero(teacher, ['b1', 'b3'])
    expectClose(await run(student), await run(teacher))
    expect(student.graph.initializers.has('a1')).toBe(false)
  })

  it('loses whole layers of a transformer', async () => {
    const [teacher, student] = [transformer('pre', 4), transformer('pre', 4)]
    const { details } = await makeStudent(student, { width: 1, depth: 0.5 }, 'none', runtime)
    expect(details).toMatchObject({ blocks: 8, dropped: 4 })
    zero(teacher, ['pw1', 'ow1', 'pw3', 'ow3'])
    expectClose(await run(student), await run(teacher))
    const last = transformer('post', 4)
    const report = await makeStudent(last, { width: 1, depth: 0.5 }, 'none', runtime)
    expect(report.details).toMatchObject({ blocks: 8, dropped: 4 })
    expect([...last.graph.nodes()].filter((node) => node.is('LayerNormalization'))).toHaveLength(5)
  })

  it('says why it is as deep as before', async () => {
    const model = parseModel(`${HEADER} g (float[n, 8] x) => (float[n, 8] y)
      <float[8, 8] w = random(1, 0.3)> { y = MatMul(x, w) }`)
    const { declined } = await makeStudent(model, { width: 1, depth: 0.5 }, 'none', runtime)
    expect(declined).toContainEqual(
      expect.objectContaining({
        rule: 'student-depth',
        reason: expect.stringMatching(/no residual block/) as string,
      }),
    )
  })
})

it('a student of half the width has half of the channels, and weights of its teacher', async () => {
  const student = residualNet()
  await makeStudent(student, { width: 0.5, depth: 0.5 }, 'none', runtime)
  expect(student.graph.initializers.get('a0')!.constant!.dims).toEqual([4, 4, 3, 3])
  const kept = [...residualNet().graph.initializers.get('stem')!.constant!.dims]
  expect(student.graph.initializers.get('stem')!.constant!.dims).toEqual([kept[0]! / 2, 3, 3, 3])
  expect((await run(student)).length).toBe(8)
})
