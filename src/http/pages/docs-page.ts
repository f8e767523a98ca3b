// The API on one page, from the route table.

import type { Route } from '../route.ts'
import { escapeHtml } from './escape-html.ts'
import { page, table } from './page.ts'

export function docsPage(routes: readonly Route[]): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))]
  const sections = tags.map((tag) => {
    const rows = routes
      .filter((route) => route.tag === tag)
      .map(({ method, path, summary }) => [
        `<code>${method} ${escapeHtml(path)}</code>`,
        `<span>${escapeHtml(summary)}</span>`,
      ])
    return `<h2>${escapeHtml(tag)}</h2><div class="prose">${table(['endpoint', ''], rows)}</div>`
  })
  const intro =
    '<h1>Tersor</h1><p>Compression of neural networks as a service. The whole of it as OpenAPI 3.1: <a href="/openapi.yaml">/openapi.yaml</a>, <a href="/openapi.json">/openapi.json</a>. Every step with its options and their defaults: <a href="/v1/methods">/v1/methods</a>.</p>'
  return page('Tersor API', intro + sections.join(''))
}
