import { ConflictError } from '../errors.ts'
import type { DocumentName, DocumentSnapshot, Documents } from '../ports.ts'

const MAX_TRIES = 10

/**
 * Reads, changes and writes a document until no other writer came in between. A change that returns its input writes
 * nothing. It may be called again for a write that was made and whose answer was lost, so what it adds carries an id.
 *
 * @param change of the present value; undefined while there is none.
 * @throws ConflictError after ten lost races in a row.
 */
export async function updateDocument(
  documents: Documents,
  name: DocumentName,
  change: (value: unknown) => unknown,
): Promise<DocumentSnapshot> {
  for (let tries = 1; ; tries += 1) {
    const snapshot = await documents.read(name)
    const next = change(snapshot.value)
    if (next === snapshot.value) return snapshot
    try {
      return await documents.write(name, next, snapshot.generation)
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MAX_TRIES) throw error
    }
  }
}
