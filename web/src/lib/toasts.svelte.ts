/** Short news of the reader's own actions; errors stay until closed. */

export interface Toast {
  id: number;
  text: string;
  isError: boolean;
}

const SHOWN_MAX = 3;
const SHOWN_MS = 6000;

let nextId = 1;
let list = $state.raw<Toast[]>([]);

export const toasts = {
  get list(): Toast[] {
    return list;
  },
  say(text: string): void {
    const id = add(text, false);
    window.setTimeout(() => toasts.close(id), SHOWN_MS);
  },
  fail(text: string): void {
    add(text, true);
  },
  close(id: number): void {
    list = list.filter((toast) => toast.id !== id);
  },
};

function add(text: string, isError: boolean): number {
  const id = nextId;
  nextId += 1;
  list = [...list, { id, text, isError }].slice(-SHOWN_MAX);
  return id;
}
