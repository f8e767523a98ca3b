// What an endpoint is: one value that says everything about it. The server, openapi.yaml and the docs read it.

import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Config } from '#src/config'
import type { ErrorCode } from '#src/domain/errors'
import type { Write } from '#src/ports/record-store'
import type { ServiceContext } from '#src/services/service-context'
import type { Metrics } from './metrics/open-metrics.ts'

export type Access = 'public' | 'read' | 'write'

export type BodySpec<B extends z.ZodType = z.ZodType> =
  | { readonly kind: 'none' }
  /** `optional`: no body at all is read as `{}`. */
  | { readonly kind: 'json'; readonly schema: B; readonly optional?: boolean }
  /** Passed on as a stream; the handler bounds its size. */
  | {
      readonly kind: 'binary'
      readonly mediaTypes: readonly string[]
      readonly description: string
      /** JSON of this schema may come in place of the bytes. */
      readonly instead?: B
      /** Whether any media type will do, or none: what stands in for an object store's own PUT. */
      readonly anyMediaType?: boolean
    }

export interface ResponseSpec {
  readonly description: string
  /** JSON of this schema, or other media types, or nothing. */
  readonly content: z.ZodType | readonly string[] | 'none'
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Objects become JSON. `'none'`: no body. `'hijacked'`: the handler writes to the socket itself. */
  readonly body: object | string | Readable
}

export interface RouteContext {
  readonly service: ServiceContext
  readonly config: Config
  readonly metrics: Metrics
  /** Aborts when the process is about to end: whoever waits for news is answered at once. */
  readonly closing: AbortSignal
}

export interface Call<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  /** The JSON that came in place of the bytes of a binary body, or `null`. */
  readonly instead: B | null
  /** The request's bytes, for binary bodies. */
  readonly stream: AsyncIterable<Uint8Array>
  readonly mediaType: string
  readonly tenant: string
  /** With an Idempotency-Key: what keeps this answer, to be committed with what the request makes. Else nothing. */
  readonly keep: (answer: Answer) => Promise<readonly Write[]>
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly context: RouteContext
}

export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with `{name}` for parameters, as in OpenAPI. */
  readonly path: string
  readonly operationId: string
  readonly tag: string
  readonly summary: string
  readonly access: Access
  readonly params: P
  readonly query: Q
  readonly body: BodySpec<B>
  /** Whether an Idempotency-Key makes a repetition answer as the first did. */
  readonly idempotent: boolean
  readonly responses: Readonly<Record<number, ResponseSpec>>
  /** Codes this endpoint may refuse with, beyond those every endpoint has. */
  readonly errors: readonly ErrorCode[]
  handle(call: Call<z.infer<P>, z.infer<Q>, z.infer<B>>): Promise<Answer>
}

/** Checks one route's types; returns it with them erased, for the table of all. */
export function route<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  value: Route<P, Q, B>,
): Route {
  return value
}
