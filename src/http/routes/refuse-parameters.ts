// Query parameters describe bytes; JSON describes itself.

import { TersorError } from '#src/domain/errors'

/** @throws TersorError invalid_parameter */
export function refuseParameters(query: object): void {
  const [name] = Object.keys(query)
  if (name === undefined) return
  throw new TersorError('invalid_parameter', `${name}: with a JSON body, it belongs into the body`)
}
