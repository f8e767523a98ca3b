// One request to a receiver: at most 15 s from the first look-up of its name to the last byte we read, and no redirects.

import type { Dispatcher } from 'undici'
import { request } from 'undici'

const TIMEOUT_MS = 15_000
const READ_AT_MOST = 64 * 1024

export interface WebhookAnswer {
  /** As in a delivery's attempt. */
  readonly outcome: string
  /** 0 without a whole answer. */
  readonly status: number
  readonly retryAfter: string | readonly string[] | undefined
}

/** `null` when one of the signals aborted: there is no time left to wait for an answer. */
export async function postWebhook(
  agent: Dispatcher,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signals: readonly AbortSignal[],
): Promise<WebhookAnswer | null> {
  // By hand: AbortSignal.any would tie every request to signals that live as long as the process.
  const stop = new AbortController()
  const giveUp = (): void => stop.abort()
  let late = false
  const timer = setTimeout(() => {
    late = true
    giveUp()
  }, TIMEOUT_MS)
  for (const signal of signals) signal.addEventListener('abort', giveUp, { once: true })
  try {
    if (signals.some(({ aborted }) => aborted)) return null
    const response = await request(url, {
      method: 'POST',
      dispatcher: agent,
      body,
      signal: stop.signal,
      headers,
    })
    await readSome(response.body)
    return {
      outcome: `HTTP ${response.statusCode}`,
      status: response.statusCode,
      retryAfter: response.headers['retry-after'],
    }
  } catch (error) {
    if (signals.some(({ aborted }) => aborted)) return null
    const outcome = late ? 'timeout' : failureWords(error as NetworkError)
    return { outcome, status: 0, retryAfter: undefined }
  } finally {
    clearTimeout(timer)
    for (const signal of signals) signal.removeEventListener('abort', giveUp)
  }
}

/** An answer that goes on longer than anybody reads is cut off; its status counts. */
async function readSome(body: Dispatcher.ResponseData['body']): Promise<void> {
  let read = 0
  for await (const chunk of body) {
    read += (chunk as Buffer).length
    if (read >= READ_AT_MOST) break
  }
}

interface NetworkError {
  readonly message: string
  readonly code?: string
  readonly cause?: { readonly code?: string }
}

/** Codes only: messages of the network stack name addresses. */
function failureWords(error: NetworkError): string {
  if (error.message === 'blocked_address') return 'blocked_address'
  return error.code ?? error.cause?.code ?? 'connection failed'
}
