// What the time line shows: sorts of rows as switches, and words that rows must have.
import { SORTS, toggled } from "../../core/filter";
import { useLab } from "../../ui/pane";

const MAX_TEXT = 200;

export function FilterBar() {
  const { selection } = useLab();
  const f = selection.filter.value;
  return (
    <div class="filter" role="search" aria-label="Rows">
      {SORTS.map((sort) => (
        <button
          key={sort}
          type="button"
          class="small"
          aria-pressed={!f.hidden.has(sort)}
          title={f.hidden.has(sort) ? `Show ${sort}` : `Hide ${sort}`}
          data-testid={`show-${sort}`}
          onClick={() => {
            selection.filter.value = toggled(f, sort);
          }}
        >
          {sort}
        </button>
      ))}
      <input
        type="search"
        value={f.text}
        maxLength={MAX_TEXT}
        placeholder="words (Ctrl+F)"
        aria-label="Show rows that have these words"
        spellcheck={false}
        data-focus="filter"
        data-testid="filter"
        onInput={(e) => {
          selection.filter.value = { ...f, text: e.currentTarget.value };
        }}
        onKeyDown={(e) => {
          if (e.key === "Escape" && f.text !== "") {
            selection.filter.value = { ...f, text: "" };
            e.preventDefault();
          } else if (e.key === "Enter") selection.move(1);
        }}
      />
    </div>
  );
}
