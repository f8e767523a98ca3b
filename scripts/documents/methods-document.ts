// docs/methods.md, from the recipes.

import { describeMethods } from '#src/http/describe-methods'

interface Property {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly default?: unknown
}

export function methodsMarkdown(): string {
  const sections = describeMethods().map(
    ({ type, method, description, defaults, json_schema: schema }) => {
      const properties = (schema['properties'] ?? {}) as Record<string, Property>
      const rows = Object.keys(defaults).map((name) => {
        const property = properties[name] ?? {}
        const allowed =
          property.enum?.map((value) => `\`${String(value)}\``).join(' ') ??
          property.type ??
          'object'
        return `| \`${name}\` | ${allowed} | \`${JSON.stringify(defaults[name])}\` | ${property.description ?? ''} |`
      })
      const table =
        rows.length === 0
          ? 'No options.'
          : `| option | allowed | default | |\n|---|---|---|---|\n${rows.join('\n')}`
      return `## \`${type}\`${method === null ? '' : ` \`${method}\``}\n\n${description}\n\n${table}\n`
    },
  )
  return `# Methods\n\nGenerated from \`src/recipes\`. \`GET /v1/methods\` answers the same with JSON schemas.\n\n${sections.join('\n')}`
}
