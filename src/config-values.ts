// How the text of a variable becomes a value, and how to say in words what is allowed.

import ipaddr from 'ipaddr.js'
import { z } from 'zod'

export interface ConfigValue<T> {
  /** Ends the sentence "… must be". */
  readonly allowed: string
  /** Throws when the text is not allowed. */
  parse(text: string): T
}

function value<T>(allowed: string, schema: z.ZodType<T, string>): ConfigValue<T> {
  return { allowed, parse: (given) => schema.parse(given) }
}

export const text: ConfigValue<string> = value('a text that is not empty', z.string().min(1))

/** Empty means that the thing is not used. */
export const optionalText: ConfigValue<string> = value('a text, or nothing', z.string())

export const optionalUrl = (protocols: readonly string[]): ConfigValue<string> =>
  value(
    `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}, or nothing`,
    z.string().refine((given) => {
      if (given === '') return true
      const url = URL.parse(given)
      return url !== null && protocols.includes(url.protocol)
    }),
  )

export function integer(min: number, max: number): ConfigValue<number> {
  const schema = z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(min).max(max))
  return value(`a whole number from ${min} to ${max}`, schema)
}

/** A port, or `none` for no listener at all. */
export const optionalPort: ConfigValue<number | 'none'> = value(
  'none or a whole number from 0 to 65535',
  z
    .string()
    .regex(/^(none|\d+)$/)
    .transform((given) => (given === 'none' ? given : Number(given)))
    .pipe(z.union([z.literal('none'), z.int().min(0).max(65_535)])),
)

export function oneOf<const W extends readonly [string, ...string[]]>(
  words: W,
): ConfigValue<W[number]> {
  return value(`one of ${words.join(', ')}`, z.enum(words) as z.ZodType<W[number], string>)
}

/** `auto`, or some of the words; `auto` is all of them. */
export function listOf<const W extends readonly [string, ...string[]]>(
  words: W,
): ConfigValue<readonly W[number][]> {
  const schema = z
    .string()
    .transform((given) => given.split(',').map((item) => item.trim()))
    .pipe(z.union([z.tuple([z.literal('auto')]), z.array(z.enum(words)).min(1)]))
    .transform((items): readonly W[number][] =>
      items[0] === 'auto' ? words : (items as W[number][]),
    )
  return value(`auto, or a list of ${words.join(', ')}`, schema)
}

const UNITS = new Map([
  ['', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
])

/** A number of bytes, with or without one of the units KiB, MiB, GiB. */
export function bytes(min: number, max: number): ConfigValue<number> {
  const schema = z
    .string()
    .regex(/^\d+ ?(KiB|MiB|GiB)?$/)
    .transform((given) => {
      const unit = given.replace(/^\d+ ?/, '')
      return Number.parseInt(given, 10) * (UNITS.get(unit) ?? Number.NaN)
    })
    .pipe(z.int().min(min).max(max))
  const allowed = `a number of bytes, KiB, MiB or GiB from ${printBytes(min)} to ${printBytes(max)}`
  return value(allowed, schema)
}

export const cidrList: ConfigValue<readonly string[]> = value(
  'a list of networks such as 10.0.0.0/8,fd00::/8',
  z
    .string()
    .transform((given) =>
      given
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean),
    )
    .refine((items) => items.every((item) => ipaddr.isValidCIDR(item))),
)

function printBytes(count: number): string {
  const [unit, size] = [...UNITS].findLast(([, size]) => count >= size && count % size === 0) ?? [
    '',
    1,
  ]
  return `${count / size}${unit}`
}
