/** What the load sends: job webhooks of 3 KB as GitLab 19 sends them, and questions. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseFleet } from '../../shared/schema/fleet.ts'
import { gitlabTime } from '../support/webhook.ts'

export const WEBHOOK_TOKEN = 'a-token-of-the-benchmark'
export const BODY_BYTES = 3072

const root = join(import.meta.dirname, '../..')
const example = join(root, 'shared/fleet.example.yaml')
const template = JSON.parse(readFileSync(join(root, 'test/fixtures/gitlab/19.x-success.json'), 'utf8'))
const runners = [...parseFleet(readFileSync(example, 'utf8'), example).runnersByName.keys()]

const PROJECTS = 5
const JOB_NAMES = 40
const SECOND_MS = 1000

/** Never twice in a run, so that no webhook is a repeat unless it is meant to be. */
let lastJobId = 1_000_000

/**
 * Successes of 2,200 (job key, arm) cells that ended just now, each another job, as requests to /webhooks/gitlab.
 * @param headers instead of the right token.
 */
export function* webhooks(count: number, headers: string[] = [`X-Gitlab-Token: ${WEBHOOK_TOKEN}`]) {
  for (let sent = 0; sent < count; sent += 1) {
    lastJobId += 1
    yield post(padded(finishedJob(lastJobId)), headers)
  }
}

function finishedJob(id: number): Record<string, unknown> {
  const project = 101 + (id % PROJECTS)
  const seconds = 20 + (id % 97)
  const finishedAt = Date.now() - SECOND_MS
  const startedAt = finishedAt - seconds * SECOND_MS
  return {
    ...template,
    build_id: id,
    build_name: `job ${Math.floor(id / PROJECTS) % JOB_NAMES}`,
    build_created_at: gitlabTime(startedAt - 5 * SECOND_MS),
    build_started_at: gitlabTime(startedAt),
    build_finished_at: gitlabTime(finishedAt),
    build_created_at_iso: undefined,
    build_started_at_iso: undefined,
    build_finished_at_iso: undefined,
    build_duration: seconds,
    project_id: project,
    runner: { ...template.runner, id: 31, description: runners[(id * 7) % runners.length] },
  }
}

/** JSON of exactly 3 KB: the message of the commit is as long as it takes. */
function padded(body: Record<string, unknown>): Buffer {
  const commit = { ...(body.commit as object), message: '' }
  const missing = BODY_BYTES - Buffer.byteLength(JSON.stringify({ ...body, commit }))
  return Buffer.from(JSON.stringify({ ...body, commit: { ...commit, message: 'x'.repeat(missing) } }))
}

export function post(body: Buffer, headers: readonly string[]): Buffer {
  const head = [
    'POST /webhooks/gitlab HTTP/1.1',
    'Host: 127.0.0.1',
    'User-Agent: GitLab/19.0.0',
    'Content-Type: application/json',
    'X-Gitlab-Event: Job Hook',
    ...headers,
    `Content-Length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

export function* gets(count: number, targetOf: (index: number) => string) {
  for (let sent = 0; sent < count; sent += 1) {
    yield Buffer.from(`GET ${targetOf(sent)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n`)
  }
}
