/** Texts that are code somewhere: SQL, log lines, terminals, paths, addresses, patterns. Here they are texts. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { postWebhook, runCommand } from '../../support/server.ts'
import { jobWebhook } from '../../support/webhook.ts'
import { onEachTarget } from './each-target.ts'
import type { Target } from './target.ts'

const ESCAPE = '\u001b'
const named = (id: number, name: string) => ({
  ...jobWebhook({ build_id: id, build_name: name, build_stage: name, sha: name }),
  runner: { id, description: name, tags: [name.replaceAll(',', ';')] },
  project: { path_with_namespace: name },
})

onEachTarget((targets) => {
  let target: Target

  beforeAll(async () => {
    target = await targets.start()
  })

  test('SQL in every text is kept as text', async () => {
    const texts = [
      "'; DROP TABLE ci_metrics.job_events; --",
      "' OR '1'='1",
      '"; DELETE FROM published; --',
      "$$; ATTACH '/etc/passwd'; $$",
      "\\'; SELECT 1; --",
      '@id_0',
      '?',
    ]
    for (const [index, text] of texts.entries()) await postWebhook(target.url, named(index + 1, text))
    await target.settled()
    const rows = await target.deps.warehouse.query(
      'SELECT job_name, stage, commit_sha, project_path, runner_description, arm FROM ci_metrics.job_event_log ORDER BY job_id',
    )
    expect(rows).toEqual(
      texts.map((text) => ({
        job_name: text,
        stage: text,
        commit_sha: text,
        project_path: text,
        runner_description: text,
        arm: text,
      })),
    )
    for (const text of texts) {
      const query = new URLSearchParams({ project: text, job: text, tags: text })
      expect((await target.ask(`/recommend?${query}`)).status).toBe(200)
      for (const asked of [{ decision_id: text }, { job_id: '1', project: `${text}x` }])
        expect((await target.ask(`/explain?${new URLSearchParams(asked)}`)).status).toBe(404)
    }
    expect(await target.rows('job_events')).toBe(texts.length)
  })

  test('line feeds and terminal codes in names reach neither a log line nor a terminal', async () => {
    const watched = await targets.watch()
    const evil = `${ESCAPE}[2J${ESCAPE}]0;owned\u0007\n{"severity":"ERROR","message":"forged"}\r\nsecond`
    await postWebhook(watched.url, named(1, evil))
    await postWebhook(watched.url, { ...named(2, evil), build_id: evil })
    await postWebhook(watched.url, named(1, evil).runner)
    await watched.settled()
    const shown = [
      await runCommand(['stats'], watched.env),
      await runCommand(['sql', 'SELECT arm, job_name FROM ci_metrics.job_events'], watched.env),
    ]
    for (const { code, stdout, stderr } of shown) {
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toContain('owned')
      expect(stdout).not.toContain(ESCAPE)
      expect(stdout).not.toMatch(/^\{"severity"/m)
    }
    const logged = watched.stderr()
    const lines = logged.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(2)
    expect(logged).not.toContain(ESCAPE)
    for (const line of lines) expect(JSON.parse(line)).not.toMatchObject({ message: 'forged' })
  })

  test('paths in names touch no file and no object', async () => {
    await postWebhook(target.url, jobWebhook({ build_id: 100 }))
    const before = await target.kept()
    const paths = ['../../outside', '/etc/passwd', 'bus.db', 'bandit_state.json', 'a/../../b', '..%2f..%2fx']
    for (const [index, path] of paths.entries())
      await postWebhook(target.url, named(index + 101, path), { 'idempotency-key': path })
    const after = await target.kept()
    expect(after.files).toEqual(before.files)
    expect(Number(after.job_event_log) - Number(before.job_event_log)).toBe(paths.length)
    expect(before.files.length).toBeGreaterThan(0)
  })

  test('addresses in a payload are never fetched', async () => {
    let visits = 0
    const trap = createServer((_request, response) => {
      visits += 1
      response.end()
    })
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/`
    const body = {
      ...named(1, address),
      repository: { url: address, homepage: address, git_http_url: address },
      user: { avatar_url: address },
      source_pipeline: { project: { web_url: address } },
    }
    await postWebhook(target.url, body, { 'x-gitlab-instance': address, referer: address })
    await postWebhook(target.url, { ...body, build_id: address })
    await target.kept()
    expect(visits).toBe(0)
    trap.close()
  })

  test('no text keeps the process busy: long ones that patterns dislike are answered', async () => {
    const long = (text: string) => text.repeat(Math.floor(100_000 / text.length))
    const fields = [
      'build_name',
      'build_started_at',
      'build_finished_at_iso',
      'build_duration',
      'build_status',
      'sha',
    ]
    for (const text of [
      '1 ',
      ' 1/1',
      '1',
      '1.',
      '1e',
      '2026-01-01 ',
      ' ',
      '\t',
      'a,',
      '\u0000',
      '\ud83d',
      '%',
    ]) {
      for (const field of fields) {
        const response = await postWebhook(target.url, jobWebhook({ [field]: long(text) }))
        expect(response.status).toBe(202)
        await response.text()
      }
      const shard = `${'1/'.repeat(500)} ${'1'.repeat(20)}`
      expect((await postWebhook(target.url, jobWebhook({ build_id: 7, build_name: shard }))).status).toBe(202)
    }
    for (const header of ['idempotency-key', 'webhook-id', 'x-gitlab-event', 'webhook-signature']) {
      const answer = await postWebhook(target.url, jobWebhook(), { [header]: 'v1, '.repeat(2000) })
      expect(answer.status).toBe(202)
    }
  })
})
