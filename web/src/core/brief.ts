// A scenario's brief: the little of Markdown that briefs use, as data. The view
// makes elements of it, so no brief can put HTML into the page.

export type Span = { readonly kind: "text" | "code" | "strong"; readonly text: string };

export type Block =
  | { readonly kind: "heading"; readonly spans: readonly Span[] }
  | { readonly kind: "paragraph"; readonly spans: readonly Span[] }
  | { readonly kind: "list"; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: "numbers"; readonly from: number; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: "code"; readonly text: string };

/** parseBrief never fails: what it does not know is a paragraph. */
export function parseBrief(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  let paragraph: string[] = [];
  let items: string[] = [];
  /** The number that a list begins with; undefined where it has none. */
  let from: number | undefined;
  const flush = (): void => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", spans: spans(paragraph.join(" ")) });
    if (items.length > 0) {
      const all = items.map(spans);
      blocks.push(from === undefined ? { kind: "list", items: all } : { kind: "numbers", from, items: all });
    }
    paragraph = [];
    items = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    const item = /^\s*(?:[-*]|(\d{1,3})\.)\s+(.*)$/.exec(line);
    if (line.startsWith("```")) {
      flush();
      const code: string[] = [];
      for (i++; i < lines.length && !(lines[i] ?? "").startsWith("```"); i++) code.push(lines[i] ?? "");
      blocks.push({ kind: "code", text: code.join("\n") });
    } else if (/^ {4}/.test(line) && items.length === 0 && paragraph.length === 0) {
      flush();
      const code: string[] = [];
      for (; i < lines.length && (/^ {4}/.test(lines[i] ?? "") || isGap(lines, i)); i++)
        code.push((lines[i] ?? "").slice(4));
      i--;
      blocks.push({ kind: "code", text: code.join("\n") });
    } else if (heading) {
      flush();
      blocks.push({ kind: "heading", spans: spans(heading[1] ?? "") });
    } else if (item) {
      const number = item[1] === undefined ? undefined : Number(item[1]);
      if (items.length === 0 || (number === undefined) !== (from === undefined)) flush();
      if (items.length === 0) from = number;
      items.push(item[2] ?? "");
    } else if (line.trim() === "") {
      flush();
    } else if (items.length > 0 && /^\s/.test(line)) {
      items.push(`${items.pop() ?? ""} ${line.trim()}`);
    } else {
      if (items.length > 0) flush();
      paragraph.push(line.trim());
    }
  }
  flush();
  return blocks;
}

/** An empty line between two that are indented is code as well. */
function isGap(lines: readonly string[], i: number): boolean {
  return lines[i]?.trim() === "" && /^ {4}/.test(lines[i + 1] ?? "");
}

function spans(text: string): readonly Span[] {
  return text
    .split(/(`[^`]+`|\*\*[^*]+\*\*)/)
    .filter((s) => s !== "")
    .map((s): Span => {
      if (s.length > 2 && s.startsWith("`") && s.endsWith("`")) return { kind: "code", text: s.slice(1, -1) };
      if (s.length > 4 && s.startsWith("**") && s.endsWith("**")) return { kind: "strong", text: s.slice(2, -2) };
      return { kind: "text", text: s };
    });
}
