/**
 * stats: what the bandit has learned of each arm, of all projects together.
 *
 * Trigger: GET /stats, with the API's token or a job's id token. Reads: state, fleet.
 */
import { policyNamed } from '../shared/domain/policies/index.ts'
import type { Policy } from '../shared/domain/policy.ts'
import { totalObservations } from '../shared/domain/state.ts'
import { rankArms } from '../shared/domain/statistics.ts'
import { callerOf } from '../shared/runtime/ci-callers.ts'
import { refuseWithoutApiToken } from '../shared/runtime/credentials.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'

type StatsDeps = Pick<Deps, 'state' | 'fleet' | 'settings'>

export async function stats(
  { headers }: HttpRequest,
  deps: StatsDeps & Pick<Deps, 'idTokens'>,
): Promise<HttpResponse> {
  const { refusal } = await callerOf(headers, deps, () => refuseWithoutApiToken(headers, deps.settings))
  return refusal ?? { status: 200, body: await gatherStats(deps) }
}

/** The same for the command line, which needs no token. */
export async function gatherStats({ state, fleet, settings }: StatsDeps) {
  const snapshot = await state.read()
  const policy = policyNamed(settings.policyName) as Policy
  return {
    generation: snapshot.generation,
    observations: totalObservations(snapshot.state),
    policy: policy.name,
    arms: rankArms(snapshot.state, fleet, policy).map((arm) => ({
      rank: arm.rank,
      arm: arm.arm,
      managed: arm.managed,
      observations: arm.observations,
      successes: arm.successes,
      runner_failures: arm.runnerFailures,
      mean_reward: arm.observations === 0 ? null : arm.meanReward,
      index: arm.index,
      exposure_seconds: arm.exposureMs / 1000,
    })),
  }
}
