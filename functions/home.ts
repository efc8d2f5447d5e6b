/** home: what is served here. Trigger: GET /. */
import type { HttpResponse } from '../shared/runtime/handler.ts'

export async function home(): Promise<HttpResponse> {
  return {
    status: 200,
    body: {
      name: 'runner-bandit',
      paths: {
        'POST /webhooks/gitlab': 'job and pipeline webhooks of GitLab, with its secret token or signature',
        'POST /update': 'the report of a job on its own end; with the API token or its id token',
        'POST /report':
          'takes in what is missing of a pipeline, and tells what was decided; with either token',
        'GET or POST /recommend?project=&job=&tags=':
          'which runner should take this job; &format=dotenv for CI',
        'GET /explain?decision_id= or ?job_id=&project=':
          'why a decision was made, and what became of the job; with either token',
        'GET /availability?tag=':
          'whether there is anyone to take jobs with a tag; &format=dotenv for CI; with either token',
        'GET /stats': 'what has been learned of each arm; with either token',
        'GET /health': 'live and ready, state age, queue depths',
        'POST /reset': 'forget what was learned, keep the log and a copy of the state; with the admin token',
      },
    },
  }
}
