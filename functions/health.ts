/** health: is it alive, and is it ready to take webhooks. Trigger: GET /health. Reads: state, queue depths. */
import { totalObservations } from '../shared/domain/state.ts'
import type { Deps, HttpRequest, HttpResponse } from '../shared/runtime/handler.ts'

export async function health(
  _request: HttpRequest,
  { state, bus, clock, settings }: Pick<Deps, 'state' | 'bus' | 'clock' | 'settings'>,
): Promise<HttpResponse> {
  const snapshot = state.latest()
  const queues = bus.depths()
  const isQueueFull = Object.values(queues).some((depth) => depth >= settings.queueMaxMessages)
  const ready = snapshot !== undefined && !isQueueFull
  const updatedAt = snapshot?.updatedAt ?? null
  return {
    status: ready ? 200 : 503,
    body: {
      live: true,
      ready,
      state: {
        generation: snapshot?.generation ?? null,
        age_seconds: updatedAt === null ? null : Math.max(0, clock.now() - updatedAt) / 1000,
        observations: snapshot === undefined ? null : totalObservations(snapshot.state),
      },
      queues,
      dead_letters: bus.deadLetterCount(),
    },
  }
}
