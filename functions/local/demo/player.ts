/** Plays GitLab: sends each webhook at its moment on the played clock, and lets the clock wait for a server behind. */
import type { PlayedWebhook } from '../../../shared/played-gitlab/index.ts'
import type { DemoDay } from './days.ts'
import type { PlayedClock } from './played-clock.ts'

/** How many webhooks are under way at a time. */
const MOST_UNDER_WAY = 16
/** The clock waits when so many webhooks are due and not answered, and goes on when few are. */
const MANY_DUE = 200
const FEW_DUE = 20
/** The same for what the server has taken and not handled. */
const LONG_QUEUE = 300
const SHORT_QUEUE = 200

export type JobCounts = { waiting: number; running: number; ended: number }

export type Player = {
  /** Sends what is due; to be called often. */
  tick(): void
  jobs(): JobCounts
  sent(): number
  /** Webhooks that were not answered 2xx. */
  failed(): number
  /** Sends nothing more; resolves when nothing is under way. */
  stop(): Promise<void>
}

export type PlayerOptions = {
  clock: PlayedClock
  days: { next(): Promise<Pick<DemoDay, 'webhooks' | 'transitions'>> }
  /** Sends one webhook; resolves with whether it was answered 2xx, and never rejects. */
  send(webhook: PlayedWebhook): Promise<boolean>
  /** What the server has taken and not handled yet. */
  queued(): number
  /** Called when there is no next day to play. */
  onFailure(error: unknown): void
}

export function createPlayer({ clock, days, send, queued, onFailure }: PlayerOptions): Player {
  let webhooks: PlayedWebhook[] = []
  let nextWebhook = 0
  let transitions: DemoDay['transitions'] = []
  let nextTransition = 0
  let ended = 0
  const pending = new Set<number>()
  const running = new Set<number>()
  const underWay = new Set<Promise<void>>()
  let sent = 0
  let failed = 0
  let isTurningDay = false
  let stopped = false

  /** The day's last webhooks may be sent when the next day has begun. */
  function turnDay(): void {
    if (isTurningDay) return
    isTurningDay = true
    days.next().then((day) => {
      webhooks = [...webhooks.slice(nextWebhook), ...day.webhooks].sort((a, b) => a.at - b.at)
      nextWebhook = 0
      transitions = [...transitions.slice(nextTransition), ...day.transitions]
      nextTransition = 0
      isTurningDay = false
    }, onFailure)
  }

  function follow(now: number): void {
    for (
      let next = transitions[nextTransition];
      next && next.atMs <= now;
      next = transitions[nextTransition]
    ) {
      nextTransition += 1
      const { jobId, status } = next
      if (status === 'created') continue
      pending.delete(jobId)
      running.delete(jobId)
      if (status === 'pending') pending.add(jobId)
      else if (status === 'running') running.add(jobId)
      else ended += 1
    }
  }

  function start(webhook: PlayedWebhook): void {
    sent += 1
    const ending = send(webhook).then((ok) => {
      if (!ok) failed += 1
      underWay.delete(ending)
      tick()
    })
    underWay.add(ending)
  }

  function tick(): void {
    if (stopped) return
    const now = clock.now()
    follow(now)
    let next = webhooks[nextWebhook]
    while (next !== undefined && next.at <= now && underWay.size < MOST_UNDER_WAY) {
      nextWebhook += 1
      start(next)
      next = webhooks[nextWebhook]
    }
    if (transitions.length === nextTransition) turnDay()
    pace(now)
  }

  /** The clock waits for the next day, too. */
  function pace(now: number): void {
    const due = underWay.size + dueUnsent(now)
    if (isTurningDay || due >= MANY_DUE || queued() >= LONG_QUEUE) clock.wait()
    else if (due <= FEW_DUE && queued() <= SHORT_QUEUE) clock.run()
  }

  function dueUnsent(now: number): number {
    let index = nextWebhook
    while (index - nextWebhook < MANY_DUE && (webhooks[index]?.at ?? Number.POSITIVE_INFINITY) <= now)
      index += 1
    return index - nextWebhook
  }

  return {
    tick,
    jobs: () => ({ waiting: pending.size, running: running.size, ended }),
    sent: () => sent,
    failed: () => failed,
    async stop() {
      stopped = true
      clock.wait()
      await Promise.all(underWay)
    },
  }
}
