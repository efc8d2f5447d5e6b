/** How long the faults are played for: FAULT_ROUNDS kills under load, and of everything else a fitting share. */
export const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 100)

/** A tenth, a fifth … of the rounds, and at least one. */
export const share = (part: number) => Math.max(1, Math.round(ROUNDS * part))
