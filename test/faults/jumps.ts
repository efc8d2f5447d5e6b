/** A day's load while the wall clock of the server jumps: forward a day, right, back a day, right again. */
import { expect } from 'vitest'
import type { PlayedWebhook } from '../../shared/played-gitlab/index.ts'
import { expectComplete, query } from './findings.ts'
import { sendTo } from './ledger.ts'
import { type Load, slicesOf } from './load.ts'

const DAY_MS = 86_400_000
const SKEW_MS = 5 * 60_000
/** What is this close to the border may be judged either way: the payload's times are cut to the second. */
const BORDER_MS = 20_000
const OFFSETS_MS = [0, DAY_MS, 0, -DAY_MS, 0]
const EVENT_STATUSES = new Set(['pending', 'running', 'success', 'failed', 'canceled'])

/** Expects of each answer what the law says (6), and in the end every job counted once. */
export async function playJumps(
  { url, folder, setOffset }: { url: string; folder: string; setOffset(ms: number): void },
  load: Load,
): Promise<{ quarantined: number }> {
  const { ledger } = load
  const refused = new Set<PlayedWebhook>()
  for (const [index, slice] of slicesOf(load, OFFSETS_MS.length).entries()) {
    const offset = OFFSETS_MS[index] as number
    setOffset(offset)
    const sentAt = Date.now()
    await sendTo(url, slice, ledger, (answer, webhook) => {
      const isQuarantined = 'httpStatus' in answer && answer.body.includes('"in_the_future"')
      if (isQuarantined) refused.add(webhook)
      const ahead = newestTimeIn(webhook) - (sentAt + offset + SKEW_MS)
      if (!EVENT_STATUSES.has(webhook.status) || Math.abs(ahead) < BORDER_MS) return
      expect({ offset, ahead, isQuarantined }).toEqual({ offset, ahead, isQuarantined: ahead > 0 })
    })
    expect(ledger.owed(slice)).toEqual([])
    const health = await (await fetch(`${url}/health`)).json()
    expect(health).toMatchObject({ live: true, ready: true })
    const { state } = health as { state: { age_seconds: number } }
    expect(state.age_seconds).toBeGreaterThanOrEqual(0)
  }

  // Not lost either: what came while the clock was wrong is in quarantine, and is taken when it comes again.
  const inQuarantine = await query(folder, 'SELECT DISTINCT job_id, code FROM ci_metrics.quarantine')
  expect(new Set(inQuarantine.map((row) => row.code))).toEqual(new Set(['in_the_future']))
  expect(new Set(inQuarantine.map((row) => row.job_id))).toEqual(new Set([...refused].map((w) => w.jobId)))
  await sendTo(url, [...refused], ledger)
  await expectComplete(folder, load)
  const [late] = await query(folder, 'SELECT COUNTIF(late) AS late FROM ci_metrics.job_events')
  expect(late).toEqual({ late: 0 })
  return { quarantined: refused.size }
}

/** The newest time that the webhook tells of its job. */
function newestTimeIn({ body }: PlayedWebhook): number {
  const { build_created_at, build_started_at, build_finished_at } = JSON.parse(body)
  const times = [build_created_at, build_started_at, build_finished_at].filter((time) => time !== null)
  return Math.max(...times.map((time) => Date.parse(time.replace(' UTC', 'Z').replace(' ', 'T'))))
}
