// A query parameter that holds JSON.

import type { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import { parseInput } from './parse-input.ts'
import { parseObject } from './read-json.ts'

export const JSON_PARAMETER_LENGTH = 4096

/** @throws TersorError invalid_parameter, and what is wrong with the fields */
export function jsonParameter<S extends z.ZodType>(
  name: string,
  text: string,
  schema: S,
): z.infer<S> {
  let value: unknown
  try {
    value = parseObject(Buffer.from(text))
  } catch (error) {
    if (!(error instanceof TersorError)) throw error
    const detail = error.detail.replace('the body', 'it')
    throw new TersorError('invalid_parameter', `${name} must be a JSON object: ${detail}`)
  }
  try {
    return parseInput(schema, value, 'body')
  } catch (error) {
    if (!(error instanceof TersorError)) throw error
    const errors = error.errors.map((fault) => ({ ...fault, pointer: `${name}${fault.pointer}` }))
    throw new TersorError(error.code, `${name}${error.detail}`, { errors })
  }
}
