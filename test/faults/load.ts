/** A day of a played GitLab as a load: its webhooks, and the account of what was promised of them. */
import { type PlayedDay, type PlayedWebhook, playDay, webhooksOf } from '../../shared/played-gitlab/index.ts'
import { type Ledger, openLedger } from './ledger.ts'

export type Load = { day: PlayedDay; webhooks: readonly PlayedWebhook[]; ledger: Ledger }

const HOUR_MS = 3_600_000

/** A day that ended an hour ago, with repeats and disorder. */
export function playLoad({ seed, jobs }: { seed: number; jobs: number }): Load {
  const day = playDay({ seed, jobs, startAt: Date.now() - 25 * HOUR_MS })
  return { day, webhooks: webhooksOf(day, { seed, instanceUrl: 'https://gitlab.com' }), ledger: openLedger() }
}

/** The webhooks in so many slices of about one size. */
export function slicesOf({ webhooks }: Load, count: number): PlayedWebhook[][] {
  const size = Math.ceil(webhooks.length / count)
  return Array.from({ length: count }, (_, index) => webhooks.slice(index * size, (index + 1) * size))
}
