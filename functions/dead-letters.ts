/**
 * dead-letters: messages that a subscription gave up on, and the way back to it.
 *
 * Called by: the command line. Reads and writes: the bus. Repetition: what was given back is no dead letter any more,
 * and the handlers drop what they have handled before.
 */
import * as z from 'zod'
import type { DeadLetter } from '../shared/ports.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'

const reference = z.looseObject({
  event_id: z.string().optional(),
  quarantine_id: z.string().optional(),
  decision_id: z.string().optional(),
})

export type DeadLetterReport = {
  /** Null where only the provider's monitoring counts them. */
  dead_letters: number | null
  newest: { subscription: string; about: string | null; reason: string; died_at: string; body: unknown }[]
}

export async function listDeadLetters(
  options: { subscription?: string | undefined; limit: number },
  { bus, deadLetters }: Pick<Deps, 'bus' | 'deadLetters'>,
): Promise<DeadLetterReport> {
  const newest = await deadLetters.list(options)
  return { dead_letters: bus.deadLetterCount(), newest: newest.map(described) }
}

export async function redriveDeadLetters(
  options: { subscription?: string | undefined },
  { deadLetters, log }: Pick<Deps, 'deadLetters' | 'log'>,
  progress: Progress,
): Promise<{ redriven: Record<string, number> }> {
  const redriven = await deadLetters.redrive(options, (done) =>
    progress({ doing: 'giving back dead letters', done }),
  )
  log.info('letters.redriven', { redriven })
  return { redriven }
}

function described({ subscription, body, reason, diedAt }: DeadLetter): DeadLetterReport['newest'][number] {
  const about = reference.safeParse(body).data
  return {
    subscription,
    about: about?.event_id ?? about?.quarantine_id ?? about?.decision_id ?? null,
    reason,
    died_at: new Date(diedAt).toISOString(),
    body,
  }
}
