// A brief as elements: no brief can put HTML into the page.
import type { Block, Span } from "../../core/brief";

export function BriefBlock(props: { readonly block: Block }) {
  const b = props.block;
  switch (b.kind) {
    case "heading":
      return (
        <h3>
          <Spans of={b.spans} />
        </h3>
      );
    case "paragraph":
      return (
        <p>
          <Spans of={b.spans} />
        </p>
      );
    case "list":
      return (
        <ul>
          {b.items.map((item, i) => (
            <li key={i}>
              <Spans of={item} />
            </li>
          ))}
        </ul>
      );
    case "numbers":
      return (
        <ol start={b.from}>
          {b.items.map((item, i) => (
            <li key={i}>
              <Spans of={item} />
            </li>
          ))}
        </ol>
      );
    case "code":
      return <pre class="code">{b.text}</pre>;
    default:
      return b satisfies never;
  }
}

export function Spans(props: { readonly of: readonly Span[] }) {
  return (
    <>
      {props.of.map((s, i) =>
        s.kind === "code" ? (
          <code key={i}>{s.text}</code>
        ) : s.kind === "strong" ? (
          <strong key={i}>{s.text}</strong>
        ) : (
          s.text
        ),
      )}
    </>
  );
}
