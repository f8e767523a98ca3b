// What the registry says, as text: the table in docs/ops.md and the words that the API answers from.

import type { OpRule, RuleByAttribute } from './op.ts'
import { ruledDomains, ruledOperators } from './registry.ts'

interface Row {
  /** As the contract writes operators: the domain before the name, except for ai.onnx. */
  readonly operator: string
  /** The attribute value that the row is about, as `mode=linear`; empty for all nodes. */
  readonly condition: string
  readonly rule: OpRule
}

interface Support {
  readonly axes: 'defined' | 'same' | 'opaque'
  readonly gradient: 'defined' | 'zero' | 'none'
  readonly quantization: 'integer' | 'carries' | 'float'
}

function rowsOf(operator: string, entry: OpRule | RuleByAttribute): Row[] {
  if (!('rules' in entry)) return [{ operator, condition: '', rule: entry }]
  return Object.entries(entry.rules).map(([value, rule]) => ({
    operator,
    condition: `${entry.attribute}=${value}`,
    rule,
  }))
}

function allRows(): Row[] {
  return ruledDomains().flatMap((domain) => {
    const entries = [...ruledOperators(domain)].sort(([one], [other]) => (one < other ? -1 : 1))
    const prefix = domain === '' ? '' : `${domain}.`
    return entries.flatMap(([operator, entry]) => rowsOf(`${prefix}${operator}`, entry))
  })
}

function supportOf({ axes, gradient, quantization }: OpRule): Support {
  return {
    axes: typeof axes === 'string' ? axes : 'defined',
    gradient: typeof gradient === 'string' ? gradient : 'defined',
    quantization: typeof quantization === 'string' ? quantization : 'integer',
  }
}

function kernelsOf({ quantization }: OpRule): string {
  if (typeof quantization === 'string') return quantization
  return quantization.kernels.map((kernel) => `\`${kernel}\``).join(', ')
}

const HEAD = ['Operator', 'MACs', 'Axes', 'Gradient', 'Quantization', 'Affine']

function cellsOf({ operator, condition, rule }: Row): string[] {
  const { axes, gradient } = supportOf(rule)
  const name = condition === '' ? operator : `${operator}, ${condition}`
  const macs = rule.macs === 'none' ? 'none' : 'counted'
  const affine = rule.affine === 'none' ? 'none' : `inputs ${rule.affine.join(', ')}`
  return [name, macs, axes, gradient, kernelsOf(rule), affine]
}

/** A Markdown table with its columns aligned, as the formatter wants it. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const [head = [], ...body] = rows.map((cells) =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)),
  )
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map(line).join('')
}

const LEGEND = `# Operators

What each concern knows of each operator: one row of \`workers/engine/ops\`, from which this page is
generated (\`npm run gen\`). Operators that are not listed are taken as \`opaque\`,
\`none\` and \`float\`.

- **MACs**: \`counted\` has a formula for multiply–accumulates; \`none\` has none.
- **Axes**, for pruning: \`defined\` knows which indices of inputs, weights and outputs stand and fall
  together; \`same\` is elementwise with broadcasting; \`opaque\` freezes what touches the operator.
- **Gradient**, for training: \`defined\` writes it as standard operators; \`zero\` has none that is not
  zero, and differentiation stops there; \`none\` is refused, naming the node.
- **Quantization**: the integer kernel of ONNX Runtime 1.30 on CPU; \`carries\` moves integers untouched
  when input and output share their scale; \`float\` computes in float, whatever surrounds it.
- **Affine**: inputs that scale the last axis of the result, into which a rescaling can be folded.
`

/** docs/ops.md. */
export function opsMarkdown(): string {
  return `${LEGEND}\n${markdownTable([HEAD, ...allRows().map(cellsOf)])}`
}

/** Of operators told apart by an attribute, what holds for all their nodes. */
function commonSupport(rows: readonly Row[]): Support {
  const all = rows.map(({ rule }) => supportOf(rule))
  const [first] = all
  if (first === undefined) throw new Error('an operator without a rule')
  const isMixed = all.some(({ quantization }) => quantization !== first.quantization)
  return isMixed ? { ...first, quantization: 'float' } : first
}

const SUPPORT_HEAD = `// What the engine can do with each operator. Generated from workers/engine/ops by npm run gen: do not edit.

export interface OpSupport {
  /** Which indices stand and fall together: \`opaque\` freezes them. */
  readonly axes: 'defined' | 'same' | 'opaque'
  readonly gradient: 'defined' | 'zero' | 'none'
  /** An integer kernel in ONNX Runtime on CPU; \`carries\` moves integers untouched. */
  readonly quantization: 'integer' | 'carries' | 'float'
}

/** A line is an operator, its domain before the name except for ai.onnx, and its words for axes, gradient, quantization. */
const LINES = \`
`

const SUPPORT_TAIL = `\`

function parseLine(line: string): [string, OpSupport] {
  const [operator = '', axes, gradient, quantization] = line.split(' ')
  return [operator, { axes, gradient, quantization } as OpSupport]
}

export const OP_SUPPORT: ReadonlyMap<string, OpSupport> = new Map(
  LINES.trim().split('\\n').map(parseLine),
)
`

/** src/onnx/operators/op-support.ts. */
export function opSupportSource(): string {
  const byOperator = new Map<string, Row[]>()
  for (const row of allRows()) {
    byOperator.set(row.operator, [...(byOperator.get(row.operator) ?? []), row])
  }
  const lines = [...byOperator].map(([operator, rows]) => {
    const { axes, gradient, quantization } = commonSupport(rows)
    return `${operator} ${axes} ${gradient} ${quantization}\n`
  })
  return SUPPORT_HEAD + lines.join('') + SUPPORT_TAIL
}
