/** The service under test and a played GitLab, closed into a loop: it is asked by jobs, and told how jobs ended. */
import type { LocalDeps } from '../../../shared/runtime/deps-local.ts'
import { startPlayedIssuer } from '../played-issuer.ts'
import { dataFolder, startServer, WEBHOOK_TOKEN } from '../server.ts'
import type { WhenDone } from '../temporary-folder.ts'
import { type FleetWords, writeFleetFile } from './fleet-file.ts'
import { type PlayedGitlab, playedGitlab } from './index.ts'
import type { CiPipeline, JobSpec, PipelineSpec, Variables } from './pipeline.ts'
import { type Asking, routed } from './recommend-job.ts'
import { clockOfPlay } from './timeline.ts'

const AUDIENCE = 'https://bandit.example.com'
const MONDAY = Date.parse('2026-03-02T08:00:00Z')

export type ClosedLoop = {
  url: string
  deps: LocalDeps
  gitlab: PlayedGitlab
  /** Every answer that a job was given, in order. */
  asked: { name: string; pipelineId: number; variables: Variables }[]
  /** A pipeline of jobs that are each sent where the service says. */
  pipelineOf(jobs: readonly JobSpec[], words?: Partial<PipelineSpec> & Partial<Asking>): PipelineSpec
  /** Runs pipelines, and waits until the service has taken in what it was told. */
  run(...specs: readonly PipelineSpec[]): Promise<CiPipeline[]>
}

export async function closedLoop(
  fleet: FleetWords,
  {
    env = {},
    seed = 'closed loop',
    whenDone,
  }: { env?: Record<string, string>; seed?: string; whenDone: WhenDone },
): Promise<ClosedLoop> {
  const issuer = await startPlayedIssuer(whenDone)
  const clock = clockOfPlay(MONDAY)
  const { url, deps } = await startServer(
    {
      GITLAB_URL: issuer.url,
      RUNNER_BANDIT_FLEET: writeFleetFile(dataFolder(), fleet),
      RUNNER_BANDIT_ID_TOKEN_AUDIENCE: AUDIENCE,
      RUNNER_BANDIT_ID_TOKEN_PROJECTS: 'acme/*',
      RUNNER_BANDIT_MODE: undefined,
      ...env,
    },
    clock,
  )
  const gitlab = playedGitlab({
    seed,
    clock,
    runners: fleet.runners,
    issuer,
    audience: AUDIENCE,
    receivers: () => [{ url: `${url}/webhooks/gitlab`, token: WEBHOOK_TOKEN }],
  })
  const asked: ClosedLoop['asked'] = []
  const asking = {
    serviceUrl: url,
    idToken: gitlab.idToken,
    tags: ['house'],
    onAnswer: ({ job, name, variables }: Parameters<NonNullable<Asking['onAnswer']>>[0]) =>
      void asked.push({ name, pipelineId: job.pipeline.id, variables }),
  }
  return {
    url,
    deps,
    gitlab,
    asked,
    pipelineOf(jobs, { project, ref = 'main', protected: isProtected = true, ...words } = {}) {
      const [only] = fleet.projects
      if (only === undefined) throw new Error('a fleet file of no project')
      return {
        project: project ?? { instanceRunnersEnabled: true, groupRunnersEnabled: true, ...only },
        ref,
        protected: isProtected,
        jobs: routed(jobs, { ...asking, ...words }),
      }
    },
    async run(...specs) {
      const pipelines = await gitlab.run(...specs)
      await deps.deliveries.drained()
      return pipelines
    },
  }
}
