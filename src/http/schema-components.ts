// zod schemas as named components. A schema with an id that is both asked for and answered has two forms, since what may be left
// out of a request is always there in an answer; the answer's is called `…Resolved`.

import { z } from 'zod'

type Json = Record<string, unknown>
type Side = 'input' | 'output'

const DEFINITION = '#/$defs/'
const COMPONENT = '#/components/schemas/'

export class SchemaComponents {
  readonly #found: Record<Side, Map<string, Json>> = { input: new Map(), output: new Map() }

  /** A reference to the schema, which must have an id, or the schema itself. */
  reference(schema: z.ZodType, side: Side): Json {
    const {
      $schema: _,
      $defs,
      ...json
    } = z.toJSONSchema(schema, { io: side, unrepresentable: 'any' }) as Json & {
      $defs?: Record<string, Json>
    }
    for (const [name, definition] of Object.entries($defs ?? {})) this.#add(name, definition, side)
    const id = schema.meta()?.id
    if (id === undefined) return markSide(json, side)
    this.#add(id, json, side)
    return { $ref: `${DEFINITION}${side}/${id}` }
  }

  #add(name: string, { id: _, ...definition }: Json, side: Side): void {
    if (!this.#found[side].has(name)) this.#found[side].set(name, definition)
  }

  parameters(schema: z.ZodType, where: 'path' | 'query'): Json[] {
    const json = z.toJSONSchema(schema, { io: 'input' }) as {
      properties?: Record<string, Json>
      required?: string[]
    }
    return Object.entries(json.properties ?? {}).map(([name, { description, ...property }]) => ({
      name,
      in: where,
      required: json.required?.includes(name) ?? false,
      ...(description !== undefined && { description }),
      schema: property,
    }))
  }

  /** All components, once every reference was asked for. */
  schemas(): Record<string, Json> {
    const result: Record<string, Json> = {}
    for (const side of ['input', 'output'] as const) {
      for (const [name, definition] of this.#found[side]) {
        result[this.#nameOf(name, side)] = withDiscriminators(
          this.#finish(definition, side),
          this.#found[side],
          (ref) => this.#nameOf(ref, side),
        )
      }
    }
    return Object.fromEntries(Object.entries(result).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** A document whose references were given out by `reference`, with final names. */
  resolve(document: Json): Json {
    return JSON.parse(JSON.stringify(document), (key, inner: unknown) => {
      const [, side, name] =
        key === '$ref' ? (/^#\/\$defs\/(input|output)\/(.+)$/.exec(String(inner)) ?? []) : []
      return name === undefined ? inner : COMPONENT + this.#nameOf(name, side as Side)
    }) as Json
  }

  #nameOf(name: string, side: Side): string {
    return side === 'output' && this.#found.input.has(name) ? `${name}Resolved` : name
  }

  /** References of this side by their final names. */
  #finish(value: Json, side: Side): Json {
    return JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
      if (key !== '$ref' || typeof inner !== 'string') return inner
      return COMPONENT + this.#nameOf(inner.replace(DEFINITION, ''), side)
    }) as Json
  }
}

/** The final name of a component is known only when all are: until then a reference says its side. */
function markSide(value: Json, side: Side): Json {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
    return key === '$ref' && typeof inner === 'string'
      ? inner.replace(DEFINITION, `${DEFINITION}${side}/`)
      : inner
  }) as Json
}

/** `anyOf` of named objects that differ in a constant becomes `oneOf` with a discriminator, which generators understand. */
function withDiscriminators(
  schema: Json,
  named: ReadonlyMap<string, Json>,
  nameOf: (name: string) => string,
): Json {
  const originals = new Map(
    [...named.keys()].map((name) => [COMPONENT + nameOf(name), named.get(name)!]),
  )
  return JSON.parse(JSON.stringify(schema), (_, inner: unknown) => {
    const options = (inner as Json | null)?.['oneOf'] ?? (inner as Json | null)?.['anyOf']
    if (!Array.isArray(options)) return inner
    const references = options.map((option: Json) => option['$ref'] as string | undefined)
    if (!references.every((reference) => reference !== undefined)) return inner
    const found = discriminatorOf(references.map((reference) => originals.get(reference)))
    if (found === null) return inner
    const mapping = Object.fromEntries(
      found.values.map((value, index) => [value, references[index]]),
    )
    const { anyOf: _any, oneOf: _one, ...rest } = inner as Json
    return { ...rest, oneOf: options, discriminator: { propertyName: found.property, mapping } }
  }) as Json
}

function discriminatorOf(
  options: readonly (Json | undefined)[],
): { property: string; values: string[] } | null {
  const properties = options.map((option) => (option?.['properties'] ?? {}) as Record<string, Json>)
  for (const property of Object.keys(properties[0] ?? {})) {
    const values = properties.map((one) => one[property]?.['const'])
    if (
      values.every((value) => typeof value === 'string') &&
      new Set(values).size === values.length
    ) {
      return { property, values }
    }
  }
  return null
}
