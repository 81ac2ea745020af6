/** Saving of an edited object: errors by field, and two editors of one object. */
import { api, ApiError } from './api.ts';
import { fieldErrors } from './errors.ts';
import type { Kind, Stored } from './types.ts';

export class Saver<T extends Stored> {
  isBusy = $state(false);
  error = $state.raw<unknown>(null);
  errors = $state.raw<Record<string, string>>({});
  /** What somebody else saved in the meantime. */
  theirs = $state.raw<T | null>(null);

  constructor(private readonly kind: Kind) {}

  /** Creates or updates; returns what was stored, or nothing when it was refused. */
  async save(body: unknown, stored: { id: string; revision: number } | null): Promise<T | null> {
    this.isBusy = true;
    this.error = null;
    this.errors = {};
    try {
      return stored
        ? await api.put<T>(`${this.kind}/${stored.id}`, body, stored.revision)
        : await api.post<T>(this.kind, body);
    } catch (error) {
      await this.refused(error, stored?.id);
      return null;
    } finally {
      this.isBusy = false;
    }
  }

  private async refused(error: unknown, id: string | undefined): Promise<void> {
    this.error = error;
    this.errors = fieldErrors(error);
    if (!(error instanceof ApiError) || !error.isConflict || !id) return;
    try {
      this.theirs = await api.get<T>(`${this.kind}/${id}`);
    } catch {
      this.theirs = null;
    }
  }
}
