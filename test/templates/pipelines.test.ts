/**
 * Whole pipelines of the components' examples under gitlab-ci-local: with a running service, with one that is away, and
 * with one that takes every connection and never answers. It knows neither tags nor id tokens, and does not find an
 * artifact of a job with a colon in its name: what mab:route wrote is run as a pipeline by itself. The rest is as GitLab
 * does it.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { playDay } from '../../shared/played-gitlab/index.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { root } from '../check/tool.ts'
import { API_TOKEN as GITLAB_TOKEN, startPlayedApi } from '../support/played-api/index.ts'
import { playDockerRunners, startServer } from '../support/server.ts'
import { temporaryFolder, type WhenDone } from '../support/temporary-folder.ts'

const CI_TOKEN = 'an-api-token-for-tests'
const NAMES = ['availability', 'mab-enabled', 'recommend', 'report', 'route', 'stats']
const HOUR_MS = 3_600_000

const cleanups: (() => void | Promise<void>)[] = []
const whenDone: WhenDone = (cleanUp) => void cleanups.push(cleanUp)
afterAll(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp()
})

const missing = ['bash', 'git', 'rsync', 'curl'].find(
  (program) => !(process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program))),
)
const skipped = missing === undefined ? '' : ` (${missing} is not installed)`

const day = playDay({ seed: 47, jobs: 200, startAt: Date.now() - 25 * HOUR_MS })
const PIPELINE = day.jobs.find(({ project: { id } }) => id === 101)?.pipelineId ?? 0
const ofPipeline = day.jobs.filter((job) => job.pipelineId === PIPELINE)

/** The job that uses what the components before it said, and reports its own end. */
const BUILD = {
  extends: '.mab-enabled',
  script: 'echo "$MAB_RUNNER_TAG $MAB_ROUTED $MAB_AVAILABLE_DOCKER_ANY" > build.txt',
}
const told = (name: string) => ({ script: `echo "$MAB_RUNNER_TAG $MAB_DECISION_ID" > ${name}.txt` })

/** A project whose pipeline includes the examples of all components, each as a file of its own. */
function project(url: string, seconds: number): string {
  const folder = temporaryFolder(whenDone)
  cpSync(join(root, 'templates'), join(folder, 'templates'), { recursive: true })
  const include = NAMES.map((name) => {
    const example = parse(readFileSync(join(root, `templates/${name}/example.gitlab-ci.yml`), 'utf8'))
    const inputs = { ...example.include[0].inputs, url, seconds }
    return { local: `templates/${name}/template.yml`, inputs }
  })
  writeFileSync(join(folder, '.gitlab-ci.yml'), stringify({ include, build: BUILD }))
  const child = {
    include: [{ local: 'templates/mab-enabled/template.yml', inputs: { url, seconds } }],
    build: { extends: '.mab-enabled', tags: ['docker-any'], ...told('child-build') },
    rspec: { tags: ['docker-any'], parallel: 2, ...told('child-rspec') },
    notarize: { tags: ['mac-shell', 'xcode'], ...told('child-notarize') },
  }
  mkdirSync(join(folder, 'ci'))
  writeFileSync(join(folder, 'ci/child.gitlab-ci.yml'), stringify(child))
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder })
  git('init', '--quiet')
  git('remote', 'add', 'origin', 'git@gitlab.example.com:example/backoffice.git')
  git('add', '.')
  git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '-m', 'x')
  return folder
}

/** The pipeline, then the child pipeline that its mab:route wrote. */
async function runBoth(folder: string, options: string[] = []): Promise<{ parent: Ran; child: Ran }> {
  const parent = await runPipeline(folder, PIPELINE, options)
  const child = await runPipeline(folder, PIPELINE + 1, ['--file', 'mab-route.yml', ...options])
  return { parent, child }
}

type Ran = { code: number | null; output: string; file(name: string): string }

async function runPipeline(folder: string, pipelineId: number, options: string[] = []): Promise<Ran> {
  const program = join(root, 'node_modules/gitlab-ci-local/dist/index.js')
  const variables = {
    ...{ CI_PROJECT_ID: '101', CI_PIPELINE_ID: String(pipelineId), RUNNER_BANDIT_API_TOKEN: CI_TOKEN },
    ...{ CI_RUNNER_ID: '2', CI_RUNNER_DESCRIPTION: 'Mac Docker Runner' },
  }
  const given = Object.entries(variables).flatMap(([name, value]) => ['--variable', `${name}=${value}`])
  const args = [program, '--force-shell-executor', '--no-color', ...given, ...options]
  const home = temporaryFolder(whenDone)
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  whenDone(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const [code] = await once(child, 'close')
  return { code, output, file: (name) => readFileSync(join(folder, name), 'utf8') }
}

const jobsThatPassed = (output: string) =>
  [...output.matchAll(/^ PASS {2}(\S+)/gm)].map(([, name]) => name).sort()
const ALL_JOBS = [
  'build',
  'mab:availability',
  'mab:recommend',
  'mab:report',
  'mab:route',
  'mab:routed',
  'mab:stats',
]

/** Both instances of rspec, by the names that gitlab-ci-local has for them. */
const CHILD_JOBS = ['build', 'notarize', 'rspec:', 'rspec:']

describe.skipIf(missing !== undefined)(`a pipeline with all components${skipped}`, () => {
  let deps: LocalDeps
  type Both = Awaited<ReturnType<typeof runBoth>>
  let served: Both
  let refused: Both
  let hanging: Both
  let opened = 0
  let open = 0

  beforeAll(async () => {
    const api = await startPlayedApi({ day, whenDone })
    const server = await startServer({
      ...{ GITLAB_URL: api.url, GITLAB_API_TOKEN: GITLAB_TOKEN, RUNNER_BANDIT_API_TOKEN: CI_TOKEN },
      RUNNER_BANDIT_MODE: 'autonomous',
    })
    deps = server.deps
    await playDockerRunners(server.url)
    await deps.deliveries.drained()
    const silent = createServer((socket) => {
      opened += 1
      open += 1
      socket
        .on('error', () => {})
        .on('close', () => {
          open -= 1
        })
      socket.resume()
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    whenDone(() => void silent.close())
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const quick = ['--no-json-schema-validation']
    ;[served, refused, hanging] = await Promise.all([
      runBoth(project(server.url, 30)),
      runBoth(project('http://127.0.0.1:1', 1), quick),
      runBoth(project(`http://127.0.0.1:${port}`, 1), quick),
    ])
    await deps.deliveries.drained()
  }, 300_000)

  test('passes, and hands what was said to the jobs after it', () => {
    const { code, output, file } = served.parent
    expect([code, jobsThatPassed(output)]).toEqual([0, ALL_JOBS])
    expect(file('build.txt')).toMatch(/^mac2-docker true (healthy|degraded|down|unknown)\n$/)
  })

  test('runs the jobs of the child pipeline with the tags that were recommended, each by its own decision', async () => {
    const { code, output, file } = served.child
    expect([code, jobsThatPassed(output)]).toEqual([0, CHILD_JOBS])
    const route = parse(file('mab-route.yml'))
    expect(route.include).toEqual([{ local: 'ci/child.gitlab-ci.yml' }])
    expect([route.build.tags, route.rspec.tags]).toEqual([['mac2-docker'], ['mac2-docker']])
    const { MAB_DECISION_ID: ofBuild } = route.build.variables
    const { MAB_DECISION_ID: ofRspec } = route.rspec.variables
    expect(file('child-build.txt')).toBe(`mac2-docker ${ofBuild}\n`)
    expect(file('child-rspec.txt')).toBe(`mac2-docker ${ofRspec}\n`)
    // No arm of the example fleet has both of its tags.
    expect(route.notarize.tags).toEqual(['mac-shell', 'xcode'])
    const given = await deps.warehouse.query(
      `SELECT decision_id, job_name, pipeline_id FROM ci_metrics.recommendations ORDER BY decided_at`,
    )
    expect(given).toContainEqual({ decision_id: ofBuild, job_name: 'build', pipeline_id: PIPELINE })
    expect(given).toContainEqual({ decision_id: ofRspec, job_name: 'rspec', pipeline_id: PIPELINE })
    expect(new Set([ofBuild, ofRspec]).size).toBe(2)
  })

  test('tells of the jobs that report themselves, with the decision that they follow', async () => {
    const { MAB_DECISION_ID: ofBuild } = parse(served.child.file('mab-route.yml')).build.variables
    const reported = await deps.warehouse.query(
      "SELECT job_name, routing_decision_id FROM ci_metrics.job_events WHERE source = 'update'",
    )
    expect(reported).toContainEqual({ job_name: 'build', routing_decision_id: ofBuild })
    expect(reported).toHaveLength(2)
  })

  test('keeps what was decided on the pipeline, and what was learned', () => {
    const shadow = JSON.parse(served.parent.file('nsai-shadow.json'))
    expect(shadow.jobs).toMatchObject({ ended: ofPipeline.length, missing: ofPipeline.length })
    expect(shadow.pipeline_id).toBe(PIPELINE)
    expect(served.parent.output).toContain(shadow.summary)
    const { arms } = JSON.parse(served.parent.file('mab-stats.json'))
    expect(arms.map(({ arm }: { arm: string }) => arm)).toContain('Mac2 Docker Runner')
  })

  test('passes as it would without them while the service is away, or never answers', () => {
    for (const { parent, child } of [refused, hanging]) {
      expect([parent.code, jobsThatPassed(parent.output)]).toEqual([0, ALL_JOBS])
      expect([child.code, jobsThatPassed(child.output)]).toEqual([0, CHILD_JOBS])
      const { file } = parent
      expect(file('build.txt')).toBe('docker-any false unknown\n')
      expect(file('child-build.txt')).toBe(' \n')
      expect(parse(file('mab-route.yml'))).toEqual({
        include: [{ local: 'ci/child.gitlab-ci.yml' }],
        build: { tags: ['docker-any'] },
        rspec: { tags: ['docker-any'] },
        notarize: { tags: ['mac-shell', 'xcode'] },
      })
      expect(JSON.parse(file('nsai-shadow.json'))).toMatchObject({ complete: false })
    }
    // Every question gave up by itself: availability, recommend, one of route, two of builds, report, stats.
    expect([opened, open]).toEqual([7, 0])
  })

  test('shows the token nowhere', () => {
    for (const { parent, child } of [served, refused, hanging]) {
      const { output, file } = parent
      const files = ['mab.env', 'availability.env', 'mab-route.yml', 'nsai-shadow.json', 'mab-stats.json']
      expect([output, child.output, ...files.map(file)].join('\n')).not.toContain(CI_TOKEN)
    }
  })
})
