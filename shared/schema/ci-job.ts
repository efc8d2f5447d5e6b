/** What GitLab says of a CI job in the id token that it gives to it (`id_tokens:` in .gitlab-ci.yml). */
import * as z from 'zod'

/** A job as its id token tells of it; ids as text, as parameters have them. */
export type CiJob = {
  projectId: string
  projectPath: string
  jobId: string
  pipelineId: string
  /** Null before GitLab tells of it. */
  runnerId: string | null
  /** Whether its ref is protected; null before GitLab tells of it. */
  refProtected: boolean | null
  /** Whose code runs, and where it runs: two projects in a merge request of a fork, else the same one. */
  projects: readonly { id: string; path: string }[]
}

const id = z.union([z.string().regex(/^[1-9]\d*$/), z.int().positive().transform(String)])
const path = z.string().min(1).max(1024)

const claims = z.object({
  project_id: id,
  project_path: path,
  job_id: id,
  pipeline_id: id,
  runner_id: id.nullish(),
  ref_protected: z.enum(['true', 'false']).nullish(),
  /** From GitLab 18.4 on: where the job runs. `project_id` is then the project whose code it is. */
  job_project_id: id.optional(),
  job_project_path: path.optional(),
})

/** Undefined when these are not the claims of a job's token. */
export function readCiJob(verified: Readonly<Record<string, unknown>>): CiJob | undefined {
  const parsed = claims.safeParse(verified)
  if (!parsed.success) return undefined
  const said = parsed.data
  const code = { id: said.project_id, path: said.project_path }
  const place = { id: said.job_project_id ?? code.id, path: said.job_project_path ?? code.path }
  return {
    projectId: place.id,
    projectPath: place.path,
    jobId: said.job_id,
    pipelineId: said.pipeline_id,
    runnerId: said.runner_id ?? null,
    refProtected: said.ref_protected == null ? null : said.ref_protected === 'true',
    projects: [code, place],
  }
}

/**
 * Whether all of the job's projects are on the list: so a fork's code is not trusted for the project in which a merge
 * request runs it.
 * @param list ids, full paths, or `group/*` for what is in a group and its subgroups.
 */
export function isListed({ projects }: CiJob, list: readonly string[]): boolean {
  return projects.every((project) => list.some((entry) => fits(project, entry.toLowerCase())))
}

function fits(project: { id: string; path: string }, entry: string): boolean {
  // GitLab's paths are the same in small letters and capitals.
  const path = project.path.toLowerCase()
  if (entry.endsWith('/*')) return path.startsWith(entry.slice(0, -1))
  return entry === project.id || entry === path
}

/** Whether a token has the form of a signed identity token: three parts between dots. */
export function isLikeIdToken(token: string): boolean {
  return token.split('.', 4).length === 3
}
