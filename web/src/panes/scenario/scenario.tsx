// What the lab is about: its brief, while no row is selected.
import { type Block, parseBrief, type Span } from "../../core/brief";
import { useLab } from "../../ui/pane";
import css from "./scenario.module.css";

export function Scenario() {
  const l = useLab().lab.value;
  const blocks = parseBrief(l?.brief ?? "");
  return (
    <section class={css.scenario} data-focus="detail" aria-label="About this lab" tabIndex={-1}>
      <div class="facts">
        {blocks[0]?.kind !== "heading" && <h2>{l?.title ?? ""}</h2>}
        {blocks.map((b, i) => (
          <BriefBlock key={i} block={b} />
        ))}
        <p class="teach">Choose a row above to see its fields and bytes here.</p>
      </div>
    </section>
  );
}

function BriefBlock(props: { readonly block: Block }) {
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
    case "code":
      return <pre class="code">{b.text}</pre>;
    default:
      return b satisfies never;
  }
}

function Spans(props: { readonly of: readonly Span[] }) {
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
