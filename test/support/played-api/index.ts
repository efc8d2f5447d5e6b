/**
 * A played GitLab's REST API on node:http: the jobs of a played day, and webhooks that can be made and tested.
 *
 * Played: `GET /projects/:id` by id or URL-encoded path; `GET /projects/:id/jobs` by keyset, retried jobs and everything
 * that is nobody's business (users, commits) included; hooks; runners; tokens, scopes, the rate limit, faults on demand.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { PlayedDay } from '../../../shared/played-gitlab/index.ts'
import type { WhenDone } from '../temporary-folder.ts'
import { answerCi, type PlayedCi } from './ci.ts'
import { createHooks, type HookReceiver } from './hooks.ts'
import { jobsPage } from './jobs.ts'
import { answerPending, type PlayedPendingJob } from './pending.ts'
import { answerPipelines, type PlayedPipelines } from './pipelines.ts'
import { answerGraphql, answerRunners, firstFleet, type PlayedApiRunner } from './runners.ts'

export const API_TOKEN = 'token-a-token-for-tests-only'
/** May read, and nothing else. */
export const READ_TOKEN = 'token-that-may-only-read'
/** Of a maintainer of the projects, who owns no group. */
export const MAINTAINER_TOKEN = 'token-of-a-maintainer'

/** What goes wrong with a request: an answer, or a connection that breaks. */
export type Fault = { status: number; headers?: Record<string, string>; body?: unknown } | 'reset' | 'hang'

export type PlayedApiOptions = {
  day: PlayedDay
  /** Every so many requests one is answered 429 with Retry-After: 1. */
  limitEvery?: number
  /** What goes wrong with the n-th request (from 1), if anything. */
  fault?: (nth: number, url: URL) => Fault | undefined
  /** The origin that Link headers name; its own when left out. */
  linkOrigin?: string
  /** The version decides what of a hook is told. */
  version?: 18 | 19
  /** What a webhook's receiver answers to a test. */
  receiver?: HookReceiver
  pipelines?: PlayedPipelines
  /** By project. */
  pending?: Record<number, readonly PlayedPendingJob[]>
  ci?: PlayedCi
  /** The first fleet when left out. */
  runners?: PlayedApiRunner[]
  whenDone?: WhenDone
}

export type PlayedApi = {
  url: string
  /** Every request that came, as path and query, in order. */
  requests: string[]
  hooks: ReturnType<typeof createHooks>
  /** To be changed as people change runners. */
  runners: PlayedApiRunner[]
}

export type Reply = { status: number; headers?: Record<string, string>; body?: unknown }

export async function startPlayedApi(options: PlayedApiOptions): Promise<PlayedApi> {
  const { day, limitEvery, fault, whenDone = onTestFinished } = options
  const requests: string[] = []
  const runners = options.runners ?? firstFleet()
  const hooks = createHooks(options.version ?? 19, options.receiver ?? (() => 202))
  const server = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenDone(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, requests, hooks, runners }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(request.url ?? '/', url)
    requests.push(`${request.method} ${asked.pathname}${asked.search}`)
    const wrong = fault?.(requests.length, asked)
    if (wrong === 'reset') return void request.socket.destroy()
    if (wrong === 'hang') return
    const isLimited = limitEvery !== undefined && requests.length % limitEvery === 0
    const reply =
      wrong ??
      (isLimited
        ? { status: 429, headers: { 'retry-after': '1' }, body: 'Retry later\n' }
        : await answer(request, asked, await bodyOf(request)))
    const payload = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {})
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(payload)
  }

  function answer(
    request: IncomingMessage,
    asked: URL,
    body: Record<string, unknown>,
  ): Reply | Promise<Reply> {
    const token =
      request.headers['private-token'] ?? /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1]
    if (token !== API_TOKEN && token !== READ_TOKEN && token !== MAINTAINER_TOKEN) {
      return { status: 401, body: { message: '401 Unauthorized' } }
    }
    const sight = {
      details: token !== READ_TOKEN,
      isOwner: token !== MAINTAINER_TOKEN,
      isAdmin: token === API_TOKEN,
    }
    if (asked.pathname === '/api/graphql') return answerGraphql(runners, body, sight)
    const path = asked.pathname.replace(/^\/api\/v4/, '')
    const ofRunners = answerRunners(runners, path, asked, sight, options.linkOrigin ?? url)
    if (ofRunners !== undefined) return ofRunners
    const [, id = '', rest = ''] = /^\/api\/v4\/projects\/([^/]+)(?:\/(.*))?$/.exec(asked.pathname) ?? []
    const wanted = decodeURIComponent(id)
    const project = day.projects.find((one) => String(one.id) === wanted || one.path === wanted)
    if (project === undefined) return { status: 404, body: { message: '404 Project Not Found' } }
    if (rest === '') {
      return { status: 200, body: { id: project.id, name: project.name, path_with_namespace: project.path } }
    }
    const pending = options.pending?.[project.id] ?? []
    const waiting = answerPending(rest, pending, asked, options.linkOrigin ?? url)
    if (waiting !== undefined) return waiting
    if (rest === 'jobs') {
      const jobs = day.jobs.filter((job) => job.project.id === project.id)
      return jobsPage(jobs, asked, options.linkOrigin ?? url)
    }
    const told = { linkOrigin: options.linkOrigin ?? url, played: options.pipelines ?? {} }
    const ofProject = day.jobs.filter((job) => job.project.id === project.id)
    const ofPipeline = answerPipelines(rest, ofProject, asked, told)
    if (ofPipeline !== undefined) return ofPipeline
    const lint = { method: request.method ?? 'GET', url: asked, body, mayWrite: token !== READ_TOKEN }
    const ofCi = answerCi(rest, lint, options.ci ?? {})
    if (ofCi !== undefined) return ofCi
    if (token === READ_TOKEN) {
      const body = {
        error: 'insufficient_scope',
        error_description: 'The request requires higher privileges',
      }
      return { status: 403, body: { ...body, scope: 'api' } }
    }
    return hooks.answer(project.id, request.method ?? 'GET', rest, body)
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? {} : JSON.parse(text)
}
