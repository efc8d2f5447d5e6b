/** Tables whose columns changed otherwise than by new ones at the end, and what becomes of the rows that are there. */
export type Reshape = {
  /** Columns that older files have and newer ones do not; having one tells that a table is of the old shape. */
  retired: readonly string[]
  /** SQL over the table of the old shape, before it goes. */
  before: string
  /** New column → expression over the old ones. Columns of both shapes keep their values. */
  values: Readonly<Record<string, string>>
}

const choiceSetId = "md5(concat_ws('|', policy, policy_version, state_generation, feasible, refused))"

export const RESHAPES: Readonly<Record<string, Reshape>> = {
  // What a recommendation was drawn from stood in each row of it, once.
  recommendations: {
    retired: ['feasible', 'refused'],
    before: `
      INSERT INTO ci_metrics.choice_sets
        (choice_set_id, made_at, policy, policy_version, parameters, state_generation, feasible, refused)
      SELECT ${choiceSetId}, MIN(decided_at), policy, policy_version, '{}', state_generation, feasible, refused
      FROM ci_metrics.recommendations WHERE kind <> 'fallback' AND state_generation IS NOT NULL
      GROUP BY policy, policy_version, state_generation, feasible, refused`,
    values: {
      choice_set_id: `CASE WHEN kind <> 'fallback' AND state_generation IS NOT NULL THEN ${choiceSetId} END`,
      feasible_count: 'COALESCE(json_array_length(feasible), 0)',
    },
  },
}
