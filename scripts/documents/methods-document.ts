// docs/methods.md, from the recipes.

import { z } from 'zod'
import { describeMethods } from '#src/http/describe-methods'
import { training } from '#src/recipes/training'
import type { JsonSchema, OptionRow } from './option-rows.ts'
import { optionRows } from './option-rows.ts'

export function methodsMarkdown(): string {
  const sections = describeMethods().map(
    ({ type, method, description, defaults, json_schema: schema }) => {
      const title = `\`${type}\`${method === null ? '' : ` \`${method}\``}`
      return section(title, description, optionRows(schema, defaults))
    },
  )
  return `# Methods\n\nGenerated from \`src/recipes\`. \`GET /v1/methods\` answers the same with JSON schemas. A dot leads into an object: \`calibration.method\` is written \`"calibration": { "method": … }\`.\n\n${[...sections, trainingSection()].join('\n')}`
}

function trainingSection(): string {
  const schema = z.toJSONSchema(training, { io: 'input' }) as JsonSchema
  const text = 'How a model is trained: `training` of a distillation, `finetune` of a pruning.'
  return section('training', text, optionRows(schema, training.parse({})))
}

function section(title: string, description: string, rows: readonly OptionRow[]): string {
  const table = ['| option | allowed | default | |', '|---|---|---|---|', ...rows.map(tableRow)]
  const options = rows.length === 0 ? 'No options.' : table.join('\n')
  return `## ${title}\n\n${description}\n\n${options}\n`
}

function tableRow({ name, allowed, default: fallback, description }: OptionRow): string {
  const value = fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``
  return `| \`${name}\` | ${cell(allowed)} | ${value} | ${cell(description)} |`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
