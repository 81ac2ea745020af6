/** Short news of the reader's own actions; errors stay until closed. */

export interface Toast {
  id: number;
  text: string;
  isError: boolean;
  offer: Offer | null;
}

/** What may be done about the news, while it is shown. */
export interface Offer {
  text: string;
  run: () => void;
}

const SHOWN_MAX = 3;
const SHOWN_MS = 6000;
const OFFERED_MS = 10_000;

let nextId = 1;
let list = $state.raw<Toast[]>([]);

export const toasts = {
  get list(): Toast[] {
    return list;
  },
  say(text: string, offer: Offer | null = null): void {
    const id = add(text, false, offer);
    window.setTimeout(() => toasts.close(id), offer ? OFFERED_MS : SHOWN_MS);
  },
  fail(text: string): void {
    add(text, true);
  },
  close(id: number): void {
    list = list.filter((toast) => toast.id !== id);
  },
};

function add(text: string, isError: boolean, offer: Offer | null = null): number {
  const id = nextId;
  nextId += 1;
  list = [...list, { id, text, isError, offer }].slice(-SHOWN_MAX);
  return id;
}
