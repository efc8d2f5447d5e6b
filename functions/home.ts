/** home: what is served here. Trigger: GET /. */
import type { HttpResponse } from '../shared/runtime/handler.ts'

export async function home(): Promise<HttpResponse> {
  return {
    status: 200,
    body: {
      name: 'runner-bandit',
      paths: {
        'POST /webhooks/gitlab': 'job webhooks of GitLab, with X-Gitlab-Token',
        'GET or POST /recommend?project=&job=&tags=':
          'which runner should take this job; &format=dotenv for CI',
        'GET /stats': 'what has been learned of each arm',
        'GET /health': 'live and ready, state age, queue depths',
      },
    },
  }
}
