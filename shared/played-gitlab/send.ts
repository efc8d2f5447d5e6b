/** Sends played webhooks over real HTTP, as GitLab does: 10 s of patience, nothing sent twice, no redirect followed. */
import type { PlayedWebhook } from './webhooks.ts'

/** `error` when no HTTP answer came. */
export type Answer = { httpStatus: number; body: string } | { error: Error }

export type SendOptions = {
  /** Of the receiving endpoint, path included. */
  url: string
  token: string
  /** How many webhooks are under way at a time. */
  concurrency?: number
  onAnswer?: (webhook: PlayedWebhook, answer: Answer) => void
}

export type SendResult = {
  /** How many were sent, with or without an answer. */
  sent: number
  /** By HTTP status, and `error` for those without an answer. */
  byStatus: Record<string, number>
}

const TIMEOUT_MS = 10_000

/** Starts in list order; with a concurrency above 1 the order of arrival is the network's. */
export async function sendWebhooks(
  webhooks: readonly PlayedWebhook[],
  { url, token, concurrency = 8, onAnswer }: SendOptions,
): Promise<SendResult> {
  const result: SendResult = { sent: 0, byStatus: {} }
  // All senders take from the one iterator, each its next when it has the answer to its last.
  const queue = webhooks.values()
  const sender = async () => {
    for (const webhook of queue) {
      const answer = await sendWebhook(webhook, url, token)
      const status = 'error' in answer ? 'error' : String(answer.httpStatus)
      result.sent += 1
      result.byStatus[status] = (result.byStatus[status] ?? 0) + 1
      onAnswer?.(webhook, answer)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, sender))
  return result
}

/** Sends one. Never throws. */
export async function sendWebhook(
  { headers, body }: PlayedWebhook,
  url: string,
  token: string,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'X-Gitlab-Token': token },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { httpStatus: response.status, body: await response.text() }
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }
}
