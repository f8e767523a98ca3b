// Counts the calls to the stores that fail, in the process that makes them.

import type { Registry } from 'prom-client'
import { Counter } from 'prom-client'
import { ERRORS, TersorError } from '#src/domain/errors'
import type { ServiceContext } from '#src/services/service-context'

const STORES = ['records', 'blobs', 'queue', 'feed'] as const

/** The same context; failing calls to its stores are counted in `registry`. */
export function watchStores(context: ServiceContext, registry: Registry): ServiceContext {
  const errors = new Counter({
    name: 'tersor_store_errors_total',
    help: 'Calls to a store that failed in this process',
    labelNames: ['store', 'call'],
    registers: [registry],
  })
  const watched = STORES.map((store) => {
    const onError = (call: string): void => errors.inc({ store, call })
    return [store, countFailures(context[store], onError)]
  })
  return { ...context, ...(Object.fromEntries(watched) as Pick<ServiceContext, 'records'>) }
}

type Method = (...args: unknown[]) => unknown

/** Methods may be those of a class with private fields, so they are called on the store itself. */
function countFailures<P extends object>(store: P, onError: (call: string) => void): P {
  const methods = new Map<string | symbol, Method>()
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      const known = methods.get(name)
      if (known !== undefined) return known
      const counted: Method = (...args) => {
        const result: unknown = (value as Method).apply(target, args)
        if (result instanceof Promise) {
          result.catch((error: unknown) => {
            if (!isAnswer(error)) onError(String(name))
          })
        }
        return result
      }
      methods.set(name, counted)
      return counted
    },
  })
}

/** Such as `not_found`: the store did its work. */
function isAnswer(error: unknown): boolean {
  return error instanceof TersorError && ERRORS[error.code].status < 500
}
