/** The scripts of the components, run as runners run them, against a service that answers as it likes. */
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder, type WhenDone } from '../support/temporary-folder.ts'
import { type Inputs, jobOf, type Ran, run, shells } from './component.ts'
import { type PlayedService, type Reply, startPlayedService } from './played-service.ts'

const cleanups: (() => void | Promise<void>)[] = []
afterAll(async () => {
  for (const cleanUp of cleanups) await cleanUp()
})

const whenDone: WhenDone = (cleanUp) => void cleanups.push(cleanUp)
const serve = (reply: PlayedService['reply']) => startPlayedService(reply, whenDone)

/** With what a shell or a program's options could trip over. */
const TOKEN = String.raw`token-"with' $(odd)\characters`
const ODD = String.raw`it's "odd" $HOME \n & 100% ü; rm -rf * #`
const CI = {
  CI_PROJECT_ID: '101',
  CI_PROJECT_PATH: 'example/backoffice',
  CI_PIPELINE_ID: '501',
  CI_JOB_ID: '7001',
  CI_JOB_NAME: ODD,
  CI_JOB_STAGE: 'test',
  CI_JOB_STATUS: 'failed',
  CI_JOB_STARTED_AT: '2026-11-21T08:00:00Z',
  CI_RUNNER_ID: '2',
  CI_RUNNER_TAGS: '["mac-docker", "docker-any"]',
  CI_COMMIT_REF_PROTECTED: 'true',
  RUNNER_BANDIT_API_TOKEN: TOKEN,
}
const ANSWER = [
  'MAB_RUNNER_TAG=mac2-docker',
  'MAB_RUNNER=Mac2-Docker-Runner',
  'MAB_DECISION_ID=0198-aa',
  'MAB_POLICY=ucb1',
  'MAB_MODE=autonomous',
  'MAB_ROUTED=true',
  '',
].join('\n')
const FALLBACK = 'MAB_RUNNER_TAG=docker-any\nMAB_ROUTED=false\n'
const RECOMMEND = { job: ODD, fallback: 'docker-any' }

describe.concurrent.each(shells(whenDone))('$name', (shell) => {
  const skipped = shell.missing === undefined ? '' : ` (${shell.missing} is not installed)`
  const tests = test.skipIf(shell.missing !== undefined)

  async function runJob(
    name: string,
    job: string,
    inputs: Inputs,
    env: Record<string, string> = {},
  ): Promise<Ran> {
    const { script, variables } = jobOf(name, job, { seconds: 30, ...inputs })
    const ran = await run(shell, script, { ...CI, ...variables, ...env }, whenDone)
    expect(ran.stdout + ran.stderr).not.toContain('token-')
    return ran
  }
  const askFor = (url: string, inputs: Inputs = {}) =>
    runJob('recommend', 'mab:recommend', { url, ...RECOMMEND, ...inputs })

  tests(`asks with every word as it is, and with the token${skipped}`, async () => {
    const service = await serve(() => ANSWER)
    const inputs = { tags: 'docker-any,linux', needs: 'gpu=a100, memory_gb=16', policy: 'thompson' }
    const ran = await askFor(`${service.url}/`, inputs)
    expect([ran.code, ran.file('mab.env'), ran.stderr]).toEqual([0, ANSWER, ''])
    const form = {
      ...{ format: 'dotenv', project: '101', pipeline_id: '501', job: ODD, tags: inputs.tags },
      ...{ fallback: 'docker-any', policy: 'thompson', protected: 'true', gpu: 'a100', memory_gb: '16' },
    }
    expect(service.asked).toEqual([{ method: 'POST', path: '/recommend', token: TOKEN, form }])
  })

  tests(`takes the id token where there is no other, and asks without any${skipped}`, async () => {
    const service = await serve(() => ANSWER)
    const none = { RUNNER_BANDIT_API_TOKEN: '' }
    const inputs = { url: service.url, ...RECOMMEND }
    await runJob('recommend', 'mab:recommend', inputs, { ...none, RUNNER_BANDIT_ID_TOKEN: 'a.b.c' })
    await runJob('recommend', 'mab:recommend', inputs, none)
    expect(service.asked.map(({ token }) => token)).toEqual(['a.b.c', undefined])
  })

  tests(`lets an answer set nothing but what it is for${skipped}`, async () => {
    const hostile = [
      'PATH=/tmp',
      'MAB_RUNNER_TAG=$(id)',
      'MAB_RUNNER_TAG=a b',
      'MAB_POLICY=x;y',
      ' MAB_MODE=canary',
    ]
    const service = await serve(() => [...hostile, 'MAB_RUNNER_TAG=nordic', 'MAB_MODE_X=1'].join('\n'))
    expect((await askFor(service.url)).file('mab.env')).toBe('MAB_RUNNER_TAG=nordic\n')
    service.reply = () => [...hostile, 'MAB_DECISION_ID=1', ''].join('\r\n')
    expect((await askFor(service.url)).file('mab.env')).toBe(FALLBACK)
  })

  tests(`falls back, whatever the service does, and is ended by no part of it${skipped}`, async () => {
    const page = '<html>\u001b[31mBad Gateway'
    const half = { half: ANSWER.slice(0, 25) }
    const wrong = [half, { status: 500, body: ANSWER }, { status: 403, body: page }, page, '\n']
    const urlsOf = async (replies: Reply[]) =>
      (await Promise.all(replies.map((reply) => serve(() => reply)))).map(({ url }) => url)
    const away = ['$RUNNER_BANDIT_URL', 'http://127.0.0.1:1', ...(await urlsOf(wrong))]
    const endless = await urlsOf(['hang', { drip: ANSWER }])
    const runs = await Promise.all([
      ...away.map((url) => askFor(url)),
      ...endless.map((url) => askFor(url, { seconds: 1 })),
    ])
    expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual(runs.map(() => [0, FALLBACK]))
    for (const { stderr } of runs) expect(stderr).not.toContain('\u001b')
    expect(runs[0]?.stderr).toContain('no address: give the input "url"')
  })

  if (!shell.thorough) return

  tests(`puts each job's own recommendation over the child file${skipped}`, async () => {
    const service = await serve(({ form }) => {
      if (form.job === 'advised') return ANSWER.replace('ROUTED=true', 'ROUTED=false')
      if (form.job === 'injected') return 'MAB_RUNNER_TAG=x", "y\nMAB_ROUTED=true\n'
      return ANSWER.replace('0198-aa', `decision-${service.asked.length}`)
    })
    const inputs = {
      url: service.url,
      child: String.raw`ci/"a" \child.yml`,
      fallback: 'docker-any',
      jobs: `  build\n\n${ODD}\nadvised => mac-shell, xcode\r\ninjected\n`,
    }
    const ran = await runJob('route', 'mab:route', inputs)
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    const variables = (id: string, tag: string) => ({ MAB_DECISION_ID: id, MAB_RUNNER_TAG: tag })
    expect(parse(ran.file('mab-route.yml'))).toEqual({
      include: [{ local: inputs.child }],
      build: { tags: ['mac2-docker'], variables: variables('decision-1', 'mac2-docker') },
      [ODD]: { tags: ['mac2-docker'], variables: variables('decision-2', 'mac2-docker') },
      advised: { tags: ['mac-shell', 'xcode'], variables: { MAB_DECISION_ID: '0198-aa' } },
      injected: { tags: ['docker-any'] },
    })
    expect(service.asked.map(({ form }) => [form.job, form.tags, form.fallback])).toEqual([
      ['build', 'docker-any', 'docker-any'],
      [ODD, 'docker-any', 'docker-any'],
      ['advised', 'mac-shell, xcode', undefined],
      ['injected', 'docker-any', 'docker-any'],
    ])
  })

  tests(`leaves names of instances alone, since GitLab would refuse them${skipped}`, async () => {
    const service = await serve(() => ANSWER)
    const jobs = 'rspec 1/2 => mac-shell\ndeploy: [eu, 2]\n1/2\nversion 1/2 b\nc: [d] e'
    const inputs = { url: service.url, child: 'child.yml', jobs, fallback: 'docker-any' }
    const { code, stderr, file } = await runJob('route', 'mab:route', inputs)
    expect([code, Object.keys(parse(file('mab-route.yml')))]).toEqual([
      0,
      ['include', '1/2', 'version 1/2 b', 'c: [d] e'],
    ])
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/ rspec 1\/2 is left as it is: /),
      expect.stringMatching(/ deploy: \[eu, 2\] is left as it is: /),
    ])
    expect(service.asked).toHaveLength(3)
  })

  tests(
    `leaves the child's jobs as they were when nobody answers, and asks no second time${skipped}`,
    async () => {
      const service = await serve(() => 'hang')
      const inputs = { url: service.url, child: 'child.yml', jobs: 'a\nb => mac-shell\nc', seconds: 1 }
      const known = await runJob('route', 'mab:route', { ...inputs, fallback: 'docker-any' })
      expect([known.code, service.asked.length]).toEqual([0, 1])
      const include = [{ local: 'child.yml' }]
      const docker = { tags: ['docker-any'] }
      expect(parse(known.file('mab-route.yml'))).toEqual({
        include,
        a: docker,
        b: { tags: ['mac-shell'] },
        c: docker,
      })
      const unknown = await runJob('route', 'mab:route', { ...inputs, url: 'http://127.0.0.1:1' })
      expect(parse(unknown.file('mab-route.yml'))).toEqual({ include, b: { tags: ['mac-shell'] } })
    },
  )

  tests(`reports the end of a job, its decision with it, and never fails it${skipped}`, async () => {
    const service = await serve(() => '{"status":"accepted"}')
    const ran = await runJob(
      'mab-enabled',
      '.mab-enabled',
      { url: service.url },
      { MAB_DECISION_ID: '0198-aa' },
    )
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, '', ''])
    expect(service.asked).toMatchObject([{ method: 'POST', path: '/update', token: TOKEN }])
    expect(service.asked[0]?.form).toEqual({
      ...{ project_id: '101', project_path: 'example/backoffice', pipeline_id: '501', job_id: '7001' },
      ...{ job_name: ODD, stage: 'test', status: 'failed', started_at: CI.CI_JOB_STARTED_AT, runner_id: '2' },
      ...{ runner_tags: CI.CI_RUNNER_TAGS, decision_id: '0198-aa' },
    })
    const refused = await serve(() => ({ status: 403, body: '{"error":"closed"}' }))
    for (const url of [refused.url, 'http://127.0.0.1:1'])
      expect((await runJob('mab-enabled', '.mab-enabled', { url })).code).toBe(0)
  })

  tests(
    `keeps the pipeline report, says what it says, and makes one when there is none${skipped}`,
    async () => {
      const answer = { summary: '3 jobs ended.', complete: false, reasons: ['GitLab "x" (403)'], jobs: {} }
      const service = await serve(() => `${JSON.stringify(answer)}\n`)
      const ran = await runJob('report', 'mab:report', { url: service.url })
      expect([ran.code, JSON.parse(ran.file('nsai-shadow.json'))]).toEqual([0, answer])
      expect(ran.stdout).toBe('3 jobs ended.\n["GitLab \\"x\\" (403)"]\n')
      expect(service.asked).toMatchObject([
        { path: '/report', form: { project_id: '101', pipeline_id: '501' } },
      ])
      for (const body of ['<html>', 'hang'] as const) {
        service.reply = () => body
        const silent = await runJob('report', 'mab:report', { url: service.url, seconds: 1 })
        expect([silent.code, JSON.parse(silent.file('nsai-shadow.json')).complete]).toEqual([0, false])
      }
    },
  )

  tests(`says of each tag that was asked about what is known, else unknown${skipped}`, async () => {
    const lines = [
      'MAB_AVAILABLE_DOCKER_ANY=down',
      'MAB_AVAILABLE_K8S_ANY=$(id)',
      'MAB_AVAILABLE_M_C__ARM64=healthy',
    ]
    const service = await serve(() => `${lines.join('\n')}\nMAB_AVAILABLE_OTHER=down\n`)
    const inputs = { url: service.url, tags: 'docker-any, k8s-any,m.c: arm64,' }
    const ran = await runJob('availability', 'mab:availability', inputs)
    const told = [
      'MAB_AVAILABLE_DOCKER_ANY=down',
      'MAB_AVAILABLE_K8S_ANY=unknown',
      'MAB_AVAILABLE_M_C__ARM64=healthy',
    ]
    expect([ran.code, ran.file('availability.env')]).toEqual([0, `${told.join('\n')}\n`])
    expect(service.asked).toMatchObject([{ method: 'GET', path: '/availability?format=dotenv' }])
    const away = await runJob('availability', 'mab:availability', { ...inputs, url: 'http://127.0.0.1:1' })
    expect(away.file('availability.env').match(/=unknown$/gm)).toHaveLength(3)
  })

  tests(`prints what was learned, and an empty artifact when nobody tells${skipped}`, async () => {
    const stats = '{"arms":[{"arm":"a"},{"arm":"b"}]}'
    const service = await serve(() => stats)
    const ran = await runJob('stats', 'mab:stats', { url: service.url })
    expect([JSON.parse(ran.file('mab-stats.json')), ran.stdout.split('\n').length]).toEqual([
      JSON.parse(stats),
      3,
    ])
    service.reply = () => ({ status: 401, body: '' })
    const closed = await runJob('stats', 'mab:stats', { url: service.url })
    expect([closed.code, closed.file('mab-stats.json')]).toEqual([0, '{}\n'])
  })
})

const curl = execFileSync('sh', ['-c', 'command -v curl || true'], { encoding: 'utf8' }).trim()

test.skipIf(curl === '')(
  'with curl the token is on no command line, and goes to no second address',
  async () => {
    const folder = temporaryFolder(whenDone)
    const told = join(folder, 'told')
    writeFileSync(join(folder, 'curl'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${told}'\nexec '${curl}' "$@"\n`)
    chmodSync(join(folder, 'curl'), 0o755)
    const other = await serve(() => ANSWER)
    const service = await serve(() => ({
      status: 302,
      body: '',
      headers: { location: other.url },
    }))
    const { script, variables } = jobOf('recommend', 'mab:recommend', {
      url: service.url,
      ...RECOMMEND,
      seconds: 1,
    })
    const path = `${folder}:${process.env.PATH}`
    const ran = await run({ command: ['sh', '-e'], path }, script, { ...CI, ...variables }, whenDone)
    expect(readFileSync(told, 'utf8')).toContain(service.url)
    expect(readFileSync(told, 'utf8')).not.toContain('token-')
    expect([ran.file('mab.env'), other.asked]).toEqual([FALLBACK, []])
  },
)
