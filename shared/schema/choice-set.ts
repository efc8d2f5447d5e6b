/** A choice set as it is recorded once, and as the answers to the requests drawn from it repeat it. */
import { createHash } from 'node:crypto'
import { armsByCode } from '../domain/feasible.ts'
import type { Policy } from '../domain/policy.ts'
import type { ChoiceSet, Lottery } from '../domain/recommendation.ts'
import type { Relaxation } from '../domain/relaxation.ts'
import { choiceSetRow, encodeRow } from './rows.ts'

/** In an answer that does not ask for all. */
const FEASIBLE_SHOWN = 10
const REFUSED_SHOWN = 100
const ID_LENGTH = 32

/** What a request needs of a choice set: everything but the draw. */
export type PreparedChoice = {
  choiceSetId: string | null
  lottery: Lottery
  feasibleCount: number
  refusedCount: number
  /** JSON lists, cut to what an answer shows. */
  feasibleJson: string
  refusedJson: string
  /** A sentence about why no arm is feasible, null when one is; and what could be lifted then. */
  why: string | null
  relaxations: readonly Relaxation[]
}

/** For answers that are no decision: nothing to draw from. */
export const NO_CHOICE: PreparedChoice = {
  choiceSetId: null,
  lottery: { arms: [], tags: [], probabilities: [], confidences: [] },
  feasibleCount: 0,
  refusedCount: 0,
  feasibleJson: '[]',
  refusedJson: '[]',
  why: null,
  relaxations: [],
}

/** @param all shows the whole lists. */
export function prepareChoice(set: ChoiceSet, choiceSetId: string, all: boolean): PreparedChoice {
  const { lottery, feasible, refused, why, relaxations } = set
  return {
    choiceSetId,
    lottery,
    feasibleCount: feasible.length,
    refusedCount: refused.length,
    feasibleJson: JSON.stringify(all ? feasible : feasible.slice(0, FEASIBLE_SHOWN)),
    refusedJson: JSON.stringify(all ? refused.map(whole) : refused.slice(0, REFUSED_SHOWN)),
    why,
    relaxations,
  }
}

/** With every rule of every runner, which is otherwise left out of JSON. */
const whole = ({ arm, code, reason, rules }: ChoiceSet['refused'][number]) => ({ arm, code, reason, rules })

/** The row of `choice_sets`, named by a hash of what it says. */
export function choiceSetRowOf(
  { feasible, refused, choices }: ChoiceSet,
  { name, version, parameters }: Policy,
  stateGeneration: string,
  madeAt: number,
) {
  const row = encodeRow(choiceSetRow, {
    choiceSetId: '',
    madeAt,
    policy: name,
    policyVersion: version,
    parameters: { ...parameters },
    stateGeneration,
    feasible,
    refused: armsByCode(refused),
    choices,
  })
  const content = JSON.stringify([name, version, row.parameters, row.feasible, row.refused])
  row.choice_set_id = createHash('sha256').update(content).digest('hex').slice(0, ID_LENGTH)
  return row
}
