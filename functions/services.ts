/**
 * The functions that are deployed to Google Cloud. What is asked from outside or not, scales alike and needs the same
 * rights is one function; which of the triggers each serves, the table in routes.ts says.
 */
import type { ServiceName } from '../shared/runtime/handler.ts'

export type Service = {
  name: ServiceName
  /** Whether anyone may call it; its handlers then ask for a token. The others only Google's own services may call. */
  isPublic: boolean
  /** Environment variables without which it must not start, besides those of all; of a list, one is enough. */
  needs: readonly (string | readonly string[])[]
}

const WEBHOOK_SECRET = ['GITLAB_WEBHOOK_TOKEN', 'GITLAB_WEBHOOK_SIGNING_TOKEN']
const CI_SECRET = ['RUNNER_BANDIT_API_TOKEN', 'RUNNER_BANDIT_ID_TOKEN_AUDIENCE']
const PUSHER = ['RUNNER_BANDIT_PUSH_ACCOUNTS', 'RUNNER_BANDIT_PUSH_AUDIENCE']

export const services: readonly Service[] = [
  { name: 'ingest', isPublic: true, needs: [WEBHOOK_SECRET] },
  { name: 'recommend', isPublic: true, needs: [CI_SECRET] },
  { name: 'admin', isPublic: true, needs: ['RUNNER_BANDIT_ADMIN_TOKEN'] },
  { name: 'learn', isPublic: false, needs: PUSHER },
  { name: 'shadow', isPublic: false, needs: PUSHER },
  { name: 'record', isPublic: false, needs: PUSHER },
  { name: 'ticks', isPublic: false, needs: PUSHER },
]
