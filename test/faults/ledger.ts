/** What was sent and how it was answered: the promises that a server is held to. */
import { type Answer, type PlayedWebhook, sendWebhooks } from '../../shared/played-gitlab/index.ts'
import { WEBHOOK_TOKEN } from '../support/server.ts'

export type Ledger = {
  /** The ids of the events that were answered 2xx. */
  readonly promised: ReadonlySet<string>
  /** What came to the server: answered 2xx, answered otherwise, cut off before an answer. */
  readonly counts: { sent: number; answered: number; refused: Record<string, number>; unanswered: number }
  note(webhook: PlayedWebhook, answer: Answer): void
  /** Of these, the webhooks that were not answered 2xx yet, however often they were sent. */
  owed(webhooks: readonly PlayedWebhook[]): PlayedWebhook[]
}

export function openLedger(): Ledger {
  const promised = new Set<string>()
  const settled = new Set<PlayedWebhook>()
  const counts: Ledger['counts'] = { sent: 0, answered: 0, refused: {}, unanswered: 0 }
  return {
    promised,
    counts,
    note(webhook, answer) {
      if (isUnreached(answer)) return
      counts.sent += 1
      if ('error' in answer) counts.unanswered += 1
      else if (answer.httpStatus >= 300) {
        counts.refused[answer.httpStatus] = (counts.refused[answer.httpStatus] ?? 0) + 1
      } else {
        counts.answered += 1
        settled.add(webhook)
        const { event_id: eventId } = JSON.parse(answer.body) as { event_id?: string }
        if (eventId !== undefined) promised.add(eventId)
      }
    },
    owed: (webhooks) => webhooks.filter((webhook) => !settled.has(webhook)),
  }
}

/** Whether nobody was there to send it to. */
function isUnreached(answer: Answer): boolean {
  const cause = 'error' in answer ? answer.error.cause : undefined
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'
}

/** Sends them to a server and notes the answers. */
export async function sendTo(
  url: string,
  webhooks: readonly PlayedWebhook[],
  ledger: Ledger,
  onAnswer: (answer: Answer, webhook: PlayedWebhook) => void = () => {},
): Promise<void> {
  await sendWebhooks(webhooks, {
    url: `${url}/webhooks/gitlab`,
    token: WEBHOOK_TOKEN,
    onAnswer(webhook, answer) {
      ledger.note(webhook, answer)
      onAnswer(answer, webhook)
    },
  })
}
