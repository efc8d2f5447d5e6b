/**
 * evaluate: does a policy pay, by what was logged?
 *
 * Called by: the command `evaluate`. Reads: the views of evaluation, composed with the window that was asked for; the
 * state, for its generation. Writes: nothing. Repetition: says the same of the same rows.
 */
import * as z from 'zod'
import { shadowTargets } from '../shared/domain/decision.ts'
import { type RewardName, rewardNames } from '../shared/domain/evaluation/reward-definitions.ts'
import type { Row, Warehouse, WarehouseSession } from '../shared/ports.ts'
import { answersOf } from '../shared/report/answers-of.ts'
import { type Answers, assembled } from '../shared/report/assemble.ts'
import { asker, SHARED_VIEWS } from '../shared/runtime/ask-evaluation.ts'
import { INFLUENCE_NAMES, influenceQuestions } from '../shared/runtime/evaluation-influence.ts'
import { QUESTION_NAMES, questionsOn, SETTINGS } from '../shared/runtime/evaluation-questions.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import type { CheckRow, EvaluationReport } from '../shared/schema/evaluation-report.ts'
import { type Window, windowOf } from '../shared/schema/moment.ts'

type EvaluateDeps = Pick<Deps, 'clock' | 'settings' | 'state'> & { warehouse: Pick<Warehouse, 'session'> }

const RESCORED = ['reward-greedy/rescored', 'model-greedy/rescored']

/** Targets that a question may be about; those of the view policy_choices but `logged`. */
export const targetNames = [...shadowTargets, ...RESCORED]

export const evaluateInput = z.object({
  policy: z.enum(targetNames as [string, ...string[]]).optional(),
  reward: z.enum(rewardNames as [RewardName, ...RewardName[]]).optional(),
  propensities: z.enum(['recorded', 'estimated', 'uniform']).default('estimated'),
  from: z.string().optional(),
  to: z.string().optional(),
})

/**
 * @param context.version of the product
 * @param context.checks what `check` found
 * @throws InvalidInputError for a window that is none.
 */
export async function evaluate(
  input: z.output<typeof evaluateInput>,
  deps: EvaluateDeps,
  progress: Progress,
  context: { version: string; checks: readonly CheckRow[] },
): Promise<EvaluationReport> {
  const { clock, settings, state, warehouse } = deps
  const window = windowOf(input, clock.now())
  const primaryPolicy = settings.policyName
  const policy = input.policy ?? primaryPolicy
  const { asked, limits, primaryReward, reward, rows } = await warehouse.session((session) =>
    answersIn(session, { ...input, policy, window }, progress),
  )
  return assembled({
    ...answersOf(rows),
    question: {
      policy,
      reward,
      propensities: input.propensities,
      is_primary:
        policy === primaryPolicy &&
        reward === primaryReward &&
        input.propensities === 'estimated' &&
        input.from === undefined &&
        input.to === undefined,
      primary_policy: primaryPolicy,
      primary_reward: primaryReward,
      from: window.fromAt === undefined ? null : new Date(window.fromAt).toISOString(),
      to: window.toAt === undefined ? null : new Date(window.toAt).toISOString(),
    },
    checks: context.checks,
    limits,
    product_version: context.version,
    made_at: new Date(clock.now()).toISOString(),
    reproduction: {
      state_generation: (await state.read()).generation,
      decided_from_generation: (rows.generation[0]?.state_generation as string | undefined) ?? null,
      queries: asked,
      seed: null,
    },
  })
}

type Question = Pick<z.output<typeof evaluateInput>, 'reward' | 'propensities'> & {
  policy: string
  window: Window
}

/** What the answers share first, then one after the other: a server goes on serving meanwhile. */
async function answersIn(
  session: WarehouseSession,
  { policy, reward: wanted, propensities: source, window }: Question,
  progress: Progress,
) {
  const { ask, asked, keep } = asker(session, window)
  const [settings] = await ask('settings', SETTINGS)
  const { primary_reward: primaryReward, ...limits } = settings as Answers['limits'] & {
    primary_reward: RewardName
  }
  const reward = wanted ?? primaryReward
  const of = { policy, reward, source }
  const questions = { ...questionsOn({ ...of, primaryReward }), ...influenceQuestions(of) }
  const names = [...QUESTION_NAMES, ...INFLUENCE_NAMES]
  const tell = (done: number, at: string) =>
    progress({ doing: 'asking the views', done, total: SHARED_VIEWS.length + names.length, at })
  for (const [index, view] of SHARED_VIEWS.entries()) {
    tell(index, view)
    await keep(view, Object.values(questions))
  }
  const rows = {} as Record<(typeof names)[number], Row[]>
  for (const [index, name] of names.entries()) {
    tell(SHARED_VIEWS.length + index, name)
    rows[name] = await ask(name, questions[name])
  }
  return { asked, limits, primaryReward, reward, rows }
}
