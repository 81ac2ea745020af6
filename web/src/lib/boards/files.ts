/** Dashboards as files that another plant can read. */
import { api } from '../api.ts';
import type { DashboardFile } from '../api.gen.ts';
import { saveText } from '../csv.ts';
import { reason } from '../errors.ts';
import { toasts } from '../toasts.svelte.ts';
import type { Dashboard } from '../types.ts';

/** Writes one dashboard, or all, to a file. */
export async function saveFile(board: Pick<Dashboard, 'id' | 'name'> | null): Promise<void> {
  try {
    const query = board ? { dashboard: board.id } : {};
    const file = await api.get<DashboardFile>('dashboard-file', query);
    const name = (board?.name ?? 'dashboards').replace(/[\\/:*?"<>|]/g, '_').slice(0, 100);
    saveText(`${name}.json`, `${JSON.stringify(file, null, 2)}\n`, 'application/json');
  } catch (error) {
    toasts.fail(reason(error));
  }
}
