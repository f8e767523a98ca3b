import { expect, test } from 'vitest'
import { Graph } from '#src/onnx/ir/graph'
import { makeNode } from '#src/onnx/ir/node'
import { Value } from '#src/onnx/ir/value'

function chain() {
  const graph = new Graph()
  const x = new Value('x')
  x.graph = graph
  graph.inputs.push(x)
  const relu = graph.append(makeNode('Relu', [x], ['a']))
  const sqrt = graph.append(makeNode('Sqrt', [relu.output(0)], ['y']))
  graph.outputs.push(sqrt.output(0)!)
  return { graph, x, relu, sqrt }
}

test('a value knows its producer and every slot that reads it', () => {
  const { graph, x, relu } = chain()
  const add = graph.append(makeNode('Add', [x, x], ['s']))
  expect(x.uses.size).toBe(3)
  expect(x.consumers()).toEqual([relu, add])
  expect(relu.output(0)!.producer).toBe(relu)
  expect(x.isGraphInput).toBe(true)
})

test('a node with readers cannot be removed; without, it can', () => {
  const { graph, x, relu } = chain()
  expect(() => graph.remove(relu)).toThrow("node 'a' (Relu) still has a reader of 'a'")
  graph.replaceUses(relu.output(0)!, x)
  graph.remove(relu)
  expect([...graph.nodes()].map((node) => node.opType)).toEqual(['Sqrt'])
  expect(x.uses.size).toBe(1)
})

test('replacing a graph output keeps its name', () => {
  const { graph, relu, sqrt } = chain()
  graph.replaceUses(sqrt.output(0)!, relu.output(0)!)
  expect(graph.outputs.map((value) => value.name)).toEqual(['y'])
  expect(graph.outputs[0]!.producer).toBe(relu)
})

test('a constant or an input becomes an output through an Identity', () => {
  const { graph, x, sqrt } = chain()
  graph.replaceUses(sqrt.output(0)!, x)
  expect(graph.outputs[0]!.name).toBe('y')
  expect(graph.outputs[0]!.producer!.opType).toBe('Identity')
})

test('nodes can be removed and inserted while iterating', () => {
  const { graph, x } = chain()
  const seen: string[] = []
  for (const node of graph.nodes()) {
    seen.push(node.opType)
    if (node.opType === 'Relu') {
      graph.insertAfter(makeNode('Neg', [x], ['n']), node)
      graph.replaceUses(node.output(0)!, x)
      graph.remove(node)
    }
  }
  expect(seen).toEqual(['Relu', 'Sqrt'])
  expect([...graph.nodes()].map((node) => node.opType)).toEqual(['Neg', 'Sqrt'])
})
