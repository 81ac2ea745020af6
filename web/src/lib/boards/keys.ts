/** What keys do on a tile that has the focus. */
import { groupOf, tilesOf } from './draft.ts';
import type { Editor } from './editor.svelte.ts';

interface Does {
  editor: Editor;
  focus: (key: string | null | undefined) => void;
  /** Brings the focus to the options of what is chosen. */
  options: () => void;
}

const STEPS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function keyHandler(does: Does): (event: KeyboardEvent, key: string) => void {
  return (event, key) => {
    if (!moves(event, key, does) && !edits(event, key, does)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function moves(event: KeyboardEvent, key: string, { editor, focus }: Does): boolean {
  const step = STEPS[event.key];
  if (!step || event.ctrlKey || event.metaKey) return false;
  const [dx, dy] = step;
  if (event.altKey) {
    if (dy === 0) return false;
    editor.toNextGroup(key, dy < 0 ? -1 : 1);
    focus(key);
  } else if (event.shiftKey) editor.grow(key, dx, dy);
  else editor.nudge(key, dx, dy);
  return true;
}

function edits(event: KeyboardEvent, key: string, { editor, focus, options }: Does): boolean {
  const isCtrl = event.ctrlKey || event.metaKey;
  if (event.key === 'Delete' || event.key === 'Backspace') {
    const next = neighbour(editor, key);
    editor.remove(editor.with(key));
    focus(next);
  } else if (isCtrl && event.key.toLowerCase() === 'd') {
    focus(editor.duplicate(editor.with(key)));
  } else if (event.key === 'Enter' && !isCtrl) {
    if (!editor.chosen.has(key)) editor.choose(key, event.shiftKey);
    options();
  } else if (event.key === ' ') editor.choose(key, event.shiftKey || editor.chosen.size > 1);
  else return false;
  return true;
}

/** Returns the tile that has the focus after this one and all that are chosen with it are gone. */
function neighbour(editor: Editor, key: string): string | undefined {
  const gone = editor.with(key);
  const inGroup = groupOf(editor.draft, key)?.tiles ?? [];
  const at = inGroup.findIndex((tile) => tile.key === key);
  const near = [...inGroup.slice(at + 1), ...inGroup.slice(0, at).reverse()];
  return [...near, ...tilesOf(editor.draft)].find((tile) => !gone.has(tile.key))?.key;
}
