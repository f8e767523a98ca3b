// The route table as OpenAPI 3.1. What the server checks and what the document says are the same zod schemas.

import { stringify } from 'yaml'
import type { z } from 'zod'
import { VERSION } from '#src/version'
import { problem } from './problem.ts'
import { SchemaComponents } from './schema-components.ts'
import type { ResponseSpec, Route } from './route.ts'
import type { WebhookEventEntry } from './webhook-events.ts'
import { WEBHOOK_EVENT_ENTRIES } from './webhook-events.ts'

type Json = Record<string, unknown>

const TAGS = [
  { name: 'models', description: 'ONNX models to compress' },
  { name: 'datasets', description: 'Data to calibrate on and to judge by' },
  { name: 'uploads', description: 'Large files by parts, to be made models and datasets of' },
  { name: 'jobs', description: 'Compressions, their progress and their reports' },
  { name: 'artifacts', description: 'What jobs hand back' },
  { name: 'webhooks', description: 'News of jobs, signed by Standard Webhooks 1.0' },
  { name: 'operations', description: 'Health, metrics, and this document' },
] as const

export function openApiDocument(routes: readonly Route[]): Json {
  const components = new SchemaComponents()
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const methods = (paths[route.path] ??= {})
    methods[route.method.toLowerCase()] = operationOf(route, components)
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Tersor',
      version: VERSION,
      summary: 'Compression of neural networks as a service',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    security: [{ key: [] }, {}],
    paths,
    webhooks: webhooksOf(components),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, tsr_…' },
      },
      headers: {
        RequestId: {
          description: 'Names this request in logs and errors',
          schema: { type: 'string' },
        },
      },
      responses: {
        Problem: {
          description: 'What went wrong',
          headers: { 'Request-Id': { $ref: '#/components/headers/RequestId' } },
          content: {
            'application/problem+json': { schema: components.reference(problem, 'output') },
          },
        },
      },
      schemas: {},
    },
  }
  document.components.schemas = components.schemas()
  return components.resolve(document)
}

export function openApiYaml(routes: readonly Route[]): string {
  return stringify(openApiDocument(routes), { lineWidth: 120, aliasDuplicateObjects: false })
}

function webhooksOf(components: SchemaComponents): Json {
  return Object.fromEntries(
    WEBHOOK_EVENT_ENTRIES.map((entry) => [entry.type, { post: deliveryOf(entry, components) }]),
  )
}

const DELIVERY_HEADERS = [
  ['webhook-id', "The event's id: the same for every try, so that doubles can be told."],
  ['webhook-timestamp', 'Seconds since the epoch; refuse what is older than five minutes.'],
  ['webhook-signature', 'v1,base64(HMAC-SHA256(secret, id.timestamp.body)); two in a rotation.'],
].map(([name, description]) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
}))

/** What a receiver is sent, and what it answers. */
function deliveryOf(
  { type, summary, body }: WebhookEventEntry,
  components: SchemaComponents,
): Json {
  const schema = components.reference(body, 'output')
  return {
    operationId: `on_${type.replaceAll('.', '_')}`,
    tags: ['webhooks'],
    summary,
    security: [],
    parameters: DELIVERY_HEADERS,
    requestBody: { required: true, content: { 'application/json': { schema } } },
    responses: {
      '2XX': { description: 'Received; anything else, redirects included, is tried again' },
      410: { description: 'Wanted no more: the webhook is disabled' },
      429: { description: 'Later: Retry-After is honoured, as with 503' },
    },
  }
}

function operationOf(route: Route, components: SchemaComponents): Json {
  const responses: Record<string, Json> = {}
  for (const [status, spec] of Object.entries(route.responses))
    responses[status] = responseOf(spec, components)
  responses['default'] = { $ref: '#/components/responses/Problem' }
  const parameters = [
    ...components.parameters(route.params, 'path'),
    ...components.parameters(route.query, 'query'),
    ...(route.idempotent ? [IDEMPOTENCY_KEY] : []),
  ]
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.errors.length > 0 && {
      description: `May refuse with: ${route.errors.map((code) => `\`${code}\``).join(', ')}.`,
    }),
    ...(route.access === 'public' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...requestBody(route, components),
    responses,
  }
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key and request again give the first answer again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

function requestBody({ body }: Route, components: SchemaComponents): Json {
  if (body.kind === 'none') return {}
  if (body.kind === 'json') {
    const schema = components.reference(body.schema, 'input')
    const required = body.optional !== true
    return { requestBody: { required, content: { 'application/json': { schema } } } }
  }
  const binary = { schema: { type: 'string', format: 'binary' } }
  const content: Json = Object.fromEntries(body.mediaTypes.map((type) => [type, binary]))
  if (body.instead !== undefined) {
    content['application/json'] = { schema: components.reference(body.instead, 'input') }
  }
  return { requestBody: { required: true, description: body.description, content } }
}

function responseOf({ description, content }: ResponseSpec, components: SchemaComponents): Json {
  const headers = { 'Request-Id': { $ref: '#/components/headers/RequestId' } }
  if (content === 'none') return { description, headers }
  if (Array.isArray(content)) {
    const types = content as readonly string[]
    return {
      description,
      headers,
      content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }])),
    }
  }
  const schema = components.reference(content as z.ZodType, 'output')
  return { description, headers, content: { 'application/json': { schema } } }
}
