/** The CI lint API of a played project: what GitLab makes of a configuration is written down by who plays it. */
import type { Reply } from './index.ts'

export type PlayedLint = { valid: boolean; errors?: string[]; mergedYaml?: string | null }

export type PlayedCi = {
  /** By branch, tag or commit; `main` is the default branch. */
  ofRef?: Readonly<Record<string, PlayedLint>>
  /** Of content that is sent. */
  ofContent?: (content: string) => PlayedLint
}

/** Undefined for what is no question about a CI configuration. */
export function answerCi(
  rest: string,
  asked: { method: string; url: URL; body: Record<string, unknown>; mayWrite: boolean },
  { ofRef = {}, ofContent }: PlayedCi,
): Reply | undefined {
  if (rest !== 'ci/lint') return undefined
  if (asked.method === 'GET') {
    const lint = ofRef[asked.url.searchParams.get('content_ref') ?? 'main']
    return lint === undefined ? { status: 404, body: { message: '404 Commit Not Found' } } : told(lint)
  }
  if (!asked.mayWrite) {
    const error_description = 'The request requires higher privileges than provided by the access token.'
    return { status: 403, body: { error: 'insufficient_scope', error_description, scope: 'api' } }
  }
  const { content } = asked.body
  if (typeof content !== 'string') return { status: 400, body: { error: 'content is missing' } }
  return told(ofContent?.(content) ?? { valid: false, errors: ['Please provide content of .gitlab-ci.yml'] })
}

function told({ valid, errors = [], mergedYaml = null }: PlayedLint): Reply {
  return { status: 200, body: { valid, errors, warnings: [], merged_yaml: mergedYaml, includes: [] } }
}
