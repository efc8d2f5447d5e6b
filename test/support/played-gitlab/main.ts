/**
 * A played GitLab as a process, to try the product with: `node test/support/played-gitlab/main.ts --port 9080`.
 *
 * It has the first fleet and three projects, some days of history for backfill, the API, id tokens, and webhooks to whom
 * `hook install` names. Below /play:
 *   GET  /play                                              what there is, and the last pipelines
 *   POST /play/pipelines?project=example/crm&routed=1       runs one, and answers when it has ended; count=3 for three
 *   POST /play/runners/3?slowness=10&paused=true            changes one: slowness, systemFailureRate, paused, up
 */
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { playedProjects, playedRunners } from '../../../shared/played-gitlab/index.ts'
import type { PlayedLint } from '../played-api/ci.ts'
import type { PlayedHook } from '../played-api/hooks.ts'
import { API_TOKEN, startPlayedApi } from '../played-api/index.ts'
import { startPlayedIssuer } from '../played-issuer.ts'
import { type CiProject, type CiRunner, ciProject, ciRunner } from './ci-runner.ts'
import { frontDoor, type Play } from './front-door.ts'
import { playedGitlab } from './index.ts'
import { deliver, type Receiver } from './job-hook.ts'
import { allJobs, type CiPipeline, type JobSpec, type PipelineSpec, type Variables } from './pipeline.ts'
import { routed } from './recommend-job.ts'
import { clockOfPlay, type PassingClock, realClock } from './timeline.ts'
import { toldByApi } from './told-by-api.ts'

const USAGE =
  'usage: node test/support/played-gitlab/main.ts [--port 9080] [--service http://127.0.0.1:8080] [--public https://bandit.example.com] [--audience text] [--history 60] [--seed text]'

const { values } = said(() =>
  parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      port: { type: 'string', default: '9080' },
      service: { type: 'string', default: 'http://127.0.0.1:8080' },
      /** What the service is called from outside: webhooks to it arrive at --service, as through a proxy. */
      public: { type: 'string', default: 'https://bandit.example.com' },
      /** Of the id tokens; --public when left out. */
      audience: { type: 'string' },
      history: { type: 'string', default: '60' },
      seed: { type: 'string', default: 'try' },
    },
  }),
)
if (values.help) {
  console.log(`A played GitLab, to try the product with.\n${USAGE}`)
  process.exit(0)
}

/** Times are short, since a person waits for them. */
const JOBS: readonly JobSpec[] = [
  { name: 'build', stage: 'build', tags: ['docker-any'], seconds: 6, scriptFailureRate: 0.03 },
  { name: 'unit', stage: 'test', tags: ['docker-any'], seconds: 9, scriptFailureRate: 0.05 },
  { name: 'lint', stage: 'test', tags: ['shell-any'], seconds: 4, scriptFailureRate: 0.03 },
]
const ASKING_TAGS = ['shell-any']
const PIPELINE_EVERY_MS = 20 * 60_000

const projects = playedProjects.slice(0, 3).map(({ id, path }) => ciProject({ id, path }))
const runners = playedRunners.map((one) =>
  ciRunner({
    id: one.id,
    description: one.description,
    type: 'group_type',
    groups: ['example'],
    tags: one.tags,
    runUntagged: one.runUntagged,
    executor: one.executor,
    up: one.online,
    slots: one.concurrent,
    slowness: one.speedFactor,
    systemFailureRate: one.systemFailureRate,
  }),
)

const noCleanUp = () => {}
const audience = values.audience ?? values.public
const issuer = await startPlayedIssuer(noCleanUp)
const ciYaml = JOBS.map(
  ({ name, stage, tags }) => `${name}:\n  stage: ${stage}\n  tags: [${tags}]\n  script: [make]\n`,
).join('')

// The past is played at once; then time is real.
let clock: PassingClock = clockOfPlay(Date.now() - (Number(values.history) + 2) * PIPELINE_EVERY_MS)
const receivers = (projectId: number): Receiver[] =>
  clock === realClock
    ? api.hooks.all
        .filter((hook) => hook.projectId === projectId && hook.attributes.job_events === true)
        .map(receiverOf)
    : []

function receiverOf({ attributes, token, signingToken }: PlayedHook): Receiver {
  return { url: String(attributes.url).replace(values.public, values.service), token, signingToken }
}

const doors = { api: '', issuer: issuer.url, play: (async () => undefined) as Play }
const front = await frontDoor(() => doors, Number(values.port)).catch((error: Error) =>
  end(
    `Port ${values.port} cannot be had (${error.message}). Another is chosen by --port, any free one by --port 0.`,
  ),
)
const gitlab = playedGitlab({
  seed: values.seed,
  clock: { now: () => clock.now(), passTo: (at) => clock.passTo(at) },
  runners,
  issuer,
  issuerUrl: front.url,
  audience,
  receivers,
})
issuer.discovery = { issuer: front.url, jwks_uri: `${front.url}/oauth/discovery/keys` }
const api = await startPlayedApi({
  ...toldByApi(gitlab, projects),
  linkOrigin: front.url,
  ci: {
    ofRef: { main: { valid: true, mergedYaml: ciYaml } },
    ofContent: merged,
  },
  receiver: (hook) => deliver(testHook(hook), receiverOf(hook), Date.now()).catch(() => 500),
  whenDone: noCleanUp,
})
doors.api = api.url
doors.play = play

await playHistory(Number(values.history))
clock = realClock
console.log(`A played GitLab is at ${front.url}; its access token is ${API_TOKEN}`)
process.once('SIGTERM', () => process.exit(0))

function said<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    return end(`${(error as Error).message}\n${USAGE}`)
  }
}

function end(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}

/** It has no files to include, and merges no inputs: of what asks for that it says so. */
function merged(content: string): PlayedLint {
  const refused = (why: string): PlayedLint => ({ valid: false, errors: [why] })
  try {
    const { include } = (parse(content, { logLevel: 'silent' }) ?? {}) as { include?: unknown }
    if (include === undefined) return { valid: true, mergedYaml: content }
    return refused(`The played GitLab has no file to include: ${JSON.stringify(include)}`)
  } catch (error) {
    return refused(`Invalid configuration format: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** A job that has just been created: what GitLab tests a job webhook with. */
function testHook({ projectId }: PlayedHook): object {
  const times = {
    build_created_at: new Date().toISOString(),
    build_started_at: null,
    build_finished_at: null,
  }
  const job = { build_id: 1, build_name: 'test', build_stage: 'test', build_status: 'created', runner: null }
  return { object_kind: 'build', ...job, ...times, pipeline_id: 1, project_id: projectId, ref: 'main' }
}

async function playHistory(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const before = clock.now()
    await gitlab.run(plainPipeline(projects[index % projects.length] as CiProject))
    await clock.passTo(before + PIPELINE_EVERY_MS)
  }
}

function plainPipeline(project: CiProject): PipelineSpec {
  return { project, ref: 'main', protected: true, jobs: JOBS }
}

async function play(method: string, path: string, query: URLSearchParams): Promise<unknown> {
  if (method === 'GET' && path === '/play')
    return { runners: gitlab.runners.all, projects, webhooks: gitlab.answers }
  const [, runner] = /^\/play\/runners\/(\d+)$/.exec(path) ?? []
  if (method === 'POST' && runner !== undefined) {
    gitlab.runners.change(Number(runner), changeOf(query))
    return gitlab.runners.all.find(({ id }) => id === Number(runner))
  }
  if (method === 'POST' && path === '/play/pipelines') return runPipelines(query)
  return undefined
}

function changeOf(query: URLSearchParams): Partial<CiRunner> {
  const change: Partial<CiRunner> = {}
  if (query.has('slowness')) change.slowness = Number(query.get('slowness'))
  if (query.has('systemFailureRate')) change.systemFailureRate = Number(query.get('systemFailureRate'))
  if (query.has('paused')) change.paused = query.get('paused') === 'true'
  if (query.has('up')) change.up = query.get('up') === 'true'
  return change
}

async function runPipelines(query: URLSearchParams): Promise<unknown> {
  const project = projects.find(({ path, id }) => [path, String(id)].includes(query.get('project') ?? ''))
  if (project === undefined)
    throw new Error(`no project; there are ${projects.map(({ path }) => path).join(', ')}`)
  const answers: { pipeline: number; job: string; said: Variables }[] = []
  const asking = {
    serviceUrl: values.service,
    idToken: gitlab.idToken,
    tags: ASKING_TAGS,
    onAnswer: (one: { job: { pipeline: CiPipeline }; name: string; variables: Variables }) =>
      void answers.push({ pipeline: one.job.pipeline.id, job: one.name, said: one.variables }),
  }
  const plain = plainPipeline(project)
  const spec = query.get('routed') === '1' ? { ...plain, jobs: routed(JOBS, asking) } : plain
  const created = await gitlab.run(...Array.from({ length: Number(query.get('count') ?? 1) }, () => spec))
  return created.map((pipeline) => ({
    pipeline: pipeline.id,
    status: pipeline.status,
    answers: answers.filter((one) => one.pipeline === pipeline.id).map(({ job, said }) => ({ job, ...said })),
    jobs: allJobs(pipeline).map((job) => ({
      id: job.id,
      name: job.spec.name,
      pipeline: job.pipeline.id,
      tags: job.tags.join(','),
      runner: job.runner?.description ?? null,
      status: job.status,
      seconds: ((job.finishedAt ?? clock.now()) - (job.startedAt ?? clock.now())) / 1000,
    })),
  }))
}
