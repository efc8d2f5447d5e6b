/** How it was computed, and what nobody should read into it. */
import type { EvaluationReport } from '../../schema/evaluation-report.ts'
import { count } from '../cells.ts'
import { type Block, heading, list, paragraph, subheading } from '../document.ts'

export function methodSection({ question, limits, truth }: EvaluationReport): Block[] {
  return [
    heading('Methods'),
    paragraph(
      `Off-policy evaluation of a log: what was decided in shadow for each job at its start, beside what GitLab did and what became of it. A routed job counts for the arm that it was routed to, wherever it landed (intention to treat). A runner has no room when it runs as many jobs as it ever ran at a time; a pick without room is left to GitLab. With weights w = π(action)/propensity and a reward model q, the doubly robust value (DR) is the mean of q under the policy plus w·(reward − q): right when the propensities or the model are. IPS uses the weights alone, clipped at ${limits.clip_weight} as “clipped IPS”; SNIPS and SNDR divide by the sum of weights instead of the number of jobs, times the share of feasible picks; SWITCH-DR trusts the model alone where a weight exceeds ${limits.switch_weight}; DM is the model alone.`,
    ),
    paragraph(
      `Both the reward model (per job key and arm, shrunk to the job key and to the whole) and the estimated propensities (per set of feasible runners, those of them with room, and runner of the pipeline's job before, shrunk level by level, of jobs that were not routed) are cross-fitted: ${limits.folds} folds by pipeline, each job judged by what the other folds say. Standard errors are robust to what jobs of a pipeline have in common (CR1), intervals Student's t with as many degrees of freedom as pipelines less one, comparisons paired by job, p values adjusted by Holm over all comparisons of a reward. “At any time” is an asymptotic confidence sequence over pipelines.`,
    ),
    paragraph(
      `The question of the settings is the policy that is set now (${question.primary_policy}) against what was done, by ${question.primary_reward}, doubly robust, over the whole log. Everything else in here explores. “It pays” is said where the sequence leaves zero out, which holds however often one looks; where only the interval does, “at one look”. There is no verdict when a data check of severity error fails, when the propensities fail their test, with fewer than ${count(limits.fewest_clusters)} pipelines or with jobs in so few of them that they are worth no more, with many picks made late, an effective sample size below ${count(limits.fewest_effective)}, weights that do not add up, or too much off support or left to GitLab.`,
    ),
    subheading('What is not claimed'),
    ...list([
      'Nothing of what happens when all jobs follow a policy at once: moving all jobs to the best runner fills it, and queues change (interference). Estimates are for jobs rerouted one at a time; `runner-bandit simulate` plays the rest.',
      'Nothing of a bandit in control, which learns from what it does: decisions in shadow are of a policy that learned from what GitLab did. `runner-bandit replay-policy` asks that question.',
      'Nothing of jobs that were left out, of other fleets, or of times to come.',
      'Nothing that a hidden cause explains: if GitLab chose by something that is not recorded and that also makes a job fast or slow, the numbers are wrong, and no test here can see it.',
      ...(truth.length === 0
        ? []
        : ['This world is played: its truth is known and printed. Of a real log there is none.']),
    ]),
  ]
}
