/** The small part of Markdown that notes use, as data: nothing is ever taken for HTML. */

export interface Span {
  text: string;
  style: 'plain' | 'bold' | 'code';
}

export interface Block {
  kind: 'heading' | 'item' | 'paragraph';
  spans: Span[];
}

export function parseMarkup(text: string): Block[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const heading = /^#{1,3}\s+(.*)$/.exec(line);
      if (heading) return { kind: 'heading', spans: spansOf(heading[1] ?? '') };
      const item = /^[-*]\s+(.*)$/.exec(line);
      if (item) return { kind: 'item', spans: spansOf(item[1] ?? '') };
      return { kind: 'paragraph', spans: spansOf(line) };
    });
}

function spansOf(line: string): Span[] {
  return line
    .split(/(\*\*[^*]+\*\*|`[^`]+`)/)
    .filter(Boolean)
    .map((part) => {
      if (part.startsWith('**') && 4 < part.length)
        return { text: part.slice(2, -2), style: 'bold' };
      if (part.startsWith('`') && 2 < part.length)
        return { text: part.slice(1, -1), style: 'code' };
      return { text: part, style: 'plain' };
    });
}
