// Options of a step as rows of a table: objects are opened, so that each row is one value that can be written.

export interface JsonSchema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
}

export interface OptionRow {
  /** With dots between an object and what it holds. */
  readonly name: string
  readonly allowed: string
  /** `undefined`: there is none, whoever names the object names this. */
  readonly default: unknown
  readonly description: string
}

/** Those of an object's members that have a default in `defaults`, or all where that is `null`. */
export function optionRows(
  root: JsonSchema,
  defaults: Readonly<Record<string, unknown>>,
): OptionRow[] {
  const definitions = root.$defs ?? {}
  const properties = resolve(root, definitions).properties ?? {}
  return Object.keys(defaults).flatMap((name) => {
    return rowsOf(name, properties[name] ?? {}, defaults[name], definitions)
  })
}

/** Definitions that many steps share, and the heading under which their rows stand. */
const SECTIONS: Readonly<Record<string, string>> = { Training: 'training' }

function sectionOf({ $ref = '' }: JsonSchema): string | null {
  return SECTIONS[$ref.replace(DEFINITION, '')] ?? null
}

const DEFINITION = '#/$defs/'

type Definitions = Readonly<Record<string, JsonSchema>>

function rowsOf(
  name: string,
  raw: JsonSchema,
  fallback: unknown,
  definitions: Definitions,
): OptionRow[] {
  const schema = resolve(raw, definitions)
  const own = {
    name,
    allowed: allowed(raw, definitions),
    default: sectionOf(raw) === null ? fallback : raw.default,
    description: schema.description ?? '',
  }
  const values = isObject(fallback) ? fallback : null
  const items = objectsOf(schema.items ?? {}, definitions)
  const objects = sectionOf(raw) === null ? objectsOf(schema, definitions) : []
  const members = [
    ...memberRows(`${name}[]`, items, {}, definitions),
    ...memberRows(name, objects, values ?? {}, definitions),
  ]
  return values === null || objects.length === 0 ? [own, ...members] : members
}

/** Objects that a value may be, but for those that have a section of their own. */
function objectsOf(schema: JsonSchema, definitions: Definitions): JsonSchema[] {
  return alternatives(schema)
    .filter((choice) => sectionOf(choice) === null)
    .flatMap((choice) => {
      const found = resolve(choice, definitions)
      return found.properties === undefined && alternatives(found)[0] !== found
        ? objectsOf(found, definitions)
        : [found]
    })
    .filter(({ properties }) => properties !== undefined)
}

/** Members of one object, or of several of which a member that each holds to a value of its own chooses one. */
function memberRows(
  name: string,
  objects: readonly JsonSchema[],
  values: Readonly<Record<string, unknown>>,
  definitions: Definitions,
): OptionRow[] {
  const isUsual = ({ properties = {} }: JsonSchema): boolean => {
    return Object.entries(values).every(([key, value]) => {
      const constant = properties[key]?.const
      return constant === undefined || constant === value
    })
  }
  const usualFirst = [...objects.filter(isUsual), ...objects.filter((item) => !isUsual(item))]
  const members = new Map<string, JsonSchema[]>()
  for (const { properties = {} } of usualFirst) {
    for (const [key, member] of Object.entries(properties)) {
      members.set(key, [...(members.get(key) ?? []), resolve(member, definitions)])
    }
  }
  return [...members].flatMap(([key, choices]) => {
    const [first = {}] = choices
    const constants = choices.map((choice) => choice.const)
    const isChoice = constants.every((constant) => constant !== undefined)
    const schema = isChoice ? { ...first, const: undefined, enum: constants } : first
    return rowsOf(`${name}.${key}`, schema, values[key] ?? first.default, definitions)
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf ?? schema.oneOf ?? [schema]
}

function resolve(schema: JsonSchema, definitions: Definitions): JsonSchema {
  if (schema.$ref === undefined) return schema
  const { $ref, ...own } = schema
  const target = definitions[$ref.replace(DEFINITION, '')] ?? {}
  return { ...resolve(target, definitions), ...own }
}

function allowed(raw: JsonSchema, definitions: Definitions): string {
  const section = sectionOf(raw)
  if (section !== null) return `[${section}](#${section})`
  const schema = resolve(raw, definitions)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) {
    const parts = choices.map((choice) => allowed(choice, definitions))
    return [...new Set(parts)].join(' or ')
  }
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' ')
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.type === 'array') return `list of ${allowed(schema.items ?? {}, definitions)}`
  if (schema.type === 'object') {
    const values = schema.additionalProperties
    return typeof values === 'object' ? `names with ${allowed(values, definitions)}` : 'object'
  }
  return `${schema.type ?? 'any'}${range(schema)}`
}

/** Bounds that JavaScript sets by itself are none. */
function range(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  const bounds = [
    exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`],
    minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? [] : [`≥ ${minimum}`],
    exclusiveMaximum === undefined ? [] : [`< ${exclusiveMaximum}`],
    maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? [] : [`≤ ${maximum}`],
  ].flat()
  return bounds.length === 0 ? '' : ` ${bounds.join(', ')}`
}

function literal(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
