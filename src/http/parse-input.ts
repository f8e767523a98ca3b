// From what came in to what a route takes. Every fault is named: pointer, code, what would be right. Nothing is coerced or dropped.

import type { z } from 'zod'
import type { ErrorCode, FieldError } from '#src/domain/errors'
import { ERRORS, TersorError } from '#src/domain/errors'
import { article, kindOf, limitText, printable } from './fault-words.ts'

type Issue = z.core.$ZodIssue

/** A body or a part of the URL. `where` turns a path of keys into what the client knows it by. */
export function parseInput<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: 'body' | 'query' | 'path',
): z.infer<S> {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  const errors = tightest(result.error.issues.flatMap((issue) => fieldErrors(issue, [], where)))
  const [first] = errors
  if (first === undefined)
    throw new TersorError('wrong_type', 'the request does not have the right form')
  // Malformed before senseless: the lowest status is the answer's.
  const leading = errors.reduce(
    (one, other) => (ERRORS[other.code].status < ERRORS[one.code].status ? other : one),
    first,
  )
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`
  throw new TersorError(leading.code, `${leading.pointer}: ${leading.detail}${more}`, { errors })
}

/** A number beyond what is exact breaks two limits; its own is said last. */
function tightest(errors: readonly FieldError[]): FieldError[] {
  return errors.filter(
    ({ pointer, code }, index) =>
      code !== 'out_of_range' ||
      !errors.slice(index + 1).some((later) => later.pointer === pointer && later.code === code),
  )
}

function fieldErrors(issue: Issue, prefix: readonly PropertyKey[], where: string): FieldError[] {
  const path = [...prefix, ...issue.path]
  const at = (code: ErrorCode, detail: string, inner: readonly PropertyKey[] = []): FieldError => ({
    pointer: pointerOf([...path, ...inner], where),
    code:
      where === 'query' && ERRORS[code].status === 400 && code !== 'unknown_field'
        ? 'invalid_parameter'
        : code,
    detail,
  })
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        at('unknown_field', `'${printable(key)}' is not known here`, [key]),
      )
    case 'invalid_type':
      if (where === 'query' && Array.isArray(issue.input))
        return [at('wrong_type', 'must be given once')]
      return [
        issue.input === undefined
          ? at('missing_field', `is required: ${article(issue.expected)}`)
          : at('wrong_type', `must be ${article(issue.expected)}, not ${kindOf(issue.input)}`),
      ]
    case 'too_big':
      return [
        at(
          path.join('/') === 'steps' ? 'too_many_steps' : sizeCode(issue.origin),
          limitText(
            issue.origin,
            issue.inclusive === false ? 'less than' : 'at most',
            issue.maximum,
          ),
        ),
      ]
    case 'too_small':
      return [
        at(
          sizeCode(issue.origin),
          limitText(
            issue.origin,
            issue.inclusive === false ? 'more than' : 'at least',
            issue.minimum,
          ),
        ),
      ]
    case 'invalid_value': {
      const allowed = issue.values.map((value) => JSON.stringify(value)).join(', ')
      return [
        at(
          codeOfChoice(issue.input, issue.values),
          `must be ${issue.values.length > 1 ? 'one of ' : ''}${allowed}`,
        ),
      ]
    }
    case 'invalid_union':
      return unionErrors(issue, path, where, at)
    case 'invalid_format':
      return [
        at(
          'invalid_string',
          issue.message.startsWith('Invalid')
            ? 'does not have the right form'
            : `must be ${issue.message}`,
        ),
      ]
    default:
      return [at('invalid_value', issue.message)]
  }
}

function unionErrors(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly PropertyKey[],
  where: string,
  at: (code: ErrorCode, detail: string, inner?: readonly PropertyKey[]) => FieldError,
): FieldError[] {
  const { discriminator, options } = issue as {
    discriminator?: string
    options?: readonly unknown[]
  }
  if (discriminator !== undefined) {
    const allowed = (options ?? []).map((option) => JSON.stringify(option)).join(', ')
    const given = (issue.input as Record<string, unknown> | undefined)?.[discriminator]
    const inner = issue.path.at(-1) === discriminator ? [] : [discriminator]
    return [
      at(
        given === undefined ? 'missing_field' : 'invalid_value',
        `must be one of ${allowed}`,
        inner,
      ),
    ]
  }
  const forms = issue.errors.flatMap(([only, ...more]) =>
    only === undefined || more.length > 0 ? [] : [wholeForm(only)],
  )
  if (forms.length === issue.errors.length && !forms.includes('none'))
    return [at('wrong_type', `must be ${forms.join(' or ')}`)]
  // Of several forms, one of the right type is meant, and of these the one with the least faults.
  const branches = issue.errors.toSorted((a, b) => a.length - b.length)
  const best = branches.find((faults) => !faults.some(isOfAnotherType)) ?? branches[0] ?? []
  return best.length === 0
    ? [at('wrong_type', 'fits none of the forms allowed here')]
    : best.flatMap((inner) => fieldErrors(inner, path, where))
}

/** What a form of a union asks for, where the value is not of its type at all; `none` where it is. */
function wholeForm(issue: Issue): string {
  if (!isOfAnotherType(issue)) return 'none'
  if (issue.code === 'invalid_type') return article(issue.expected)
  return issue.values.map((value) => JSON.stringify(value)).join(' or ')
}

function isOfAnotherType(
  issue: Issue,
): issue is Extract<Issue, { code: 'invalid_type' | 'invalid_value' }> {
  return issue.path.length === 0 && ['invalid_type', 'invalid_value'].includes(issue.code)
}

function codeOfChoice(input: unknown, allowed: readonly unknown[]): ErrorCode {
  if (input === undefined) return 'missing_field'
  return allowed.some((value) => typeof value === typeof input) ? 'invalid_value' : 'wrong_type'
}

function sizeCode(origin: string): ErrorCode {
  return origin === 'string' || origin === 'array' || origin === 'set'
    ? 'limit_exceeded'
    : 'out_of_range'
}

function pointerOf(path: readonly PropertyKey[], where: string): string {
  if (where !== 'body') return printable(String(path[0] ?? where))
  return path
    .map((key) => `/${printable(String(key)).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
}
