// What to do next: what one begins with, where one's program goes, and what is worth trying.
import { useRef } from "preact/hooks";
import { commandLine } from "../../core/format";
import type { Scenario } from "../../core/scenarios";
import { livesAs, procOf } from "../../core/select";
import type { ProcSpec } from "../../protocol/types";
import { useLab } from "../../ui/pane";
import { useShell } from "../../ui/shell";

/** A program that is to be written, and where it runs. */
interface Slot {
  /** As it is called when it is run. */
  readonly name: string;
  readonly places: readonly Place[];
  /** What is in it is not there everywhere. */
  readonly empty: boolean;
}

interface Place {
  readonly node: string;
  readonly spec: ProcSpec;
}

/** useSlots are the programs that one may put one's own in place of; those that are called alike are one program. */
function useSlots(): readonly Slot[] {
  const lab = useLab();
  const slots = new Map<string, Slot>();
  for (const n of lab.topology.value.nodes) {
    const now = lab.node(n.name).now.value;
    for (const spec of n.procs) {
      if (!spec.slot) continue;
      const name = spec.argv[0] ?? spec.name;
      const had = slots.get(name);
      const empty = (procOf(now, spec.name)?.program || spec.program) === "";
      slots.set(name, {
        name,
        places: [...(had?.places ?? []), { node: n.name, spec }],
        empty: had?.empty === true || empty,
      });
    }
  }
  return [...slots.values()];
}

export function Next(props: { readonly about: Scenario | undefined }) {
  const { about } = props;
  const lab = useLab();
  const shell = useShell();
  const slots = useSlots();
  if (about?.exercise !== true) return <Tries />;
  const empty = slots.some((s) => s.empty);
  return (
    <div class="next" data-testid="next">
      <h3>What to do next</h3>
      <ol>
        <li>
          <a class="button" href={shell.starterUrl(about.name)} download data-testid="starter">
            download the starter
          </a>{" "}
          <span class="dim">a zip: where to begin in C and in Go, the SDK, and this brief</span>
        </li>
        <li>Write the places marked TASK, and build it: the lines are below.</li>
        {slots.map((s) => (
          <li key={s.name}>
            <Give slot={s} />
          </li>
        ))}
      </ol>
      {about.solved && empty && !shell.ofClass.value && (
        <p class="dim">
          Or{" "}
          <button
            type="button"
            class="small"
            title="Begins this lab anew with a program that does it all. You see what it does, not how it is written"
            onClick={() => shell.start(lab.lab.peek()?.scenario ?? about.name, true)}
            data-testid="solution"
          >
            watch the solution
          </button>{" "}
          run first, in a lab of its own.
        </p>
      )}
      <Tries />
    </div>
  );
}

/** Tries are the buttons of the scenario, and what to look at after the last one. */
function Tries() {
  const lab = useLab();
  const tries = lab.lab.value?.tries ?? [];
  const last = lab.tried.value ?? tries.find((t) => t.auto);
  if (tries.length === 0) return null;
  return (
    <div class="tries">
      <h3>Try</h3>
      <div class="buttons">
        {tries.map((t) => (
          <button
            key={t.n}
            type="button"
            disabled={!lab.live.value}
            title={t.says}
            onClick={() => void lab.try(t)}
            data-testid={`try-${t.n}`}
          >
            {t.label}
          </button>
        ))}
      </div>
      <p class="look" role="status" data-testid="look">
        {last !== undefined && lab.status.value?.paused === true && (
          <strong>Time is paused: nothing happens before it runs. </strong>
        )}
        {last !== undefined && last.look !== "" && (
          <>
            <strong>{last.label}:</strong> {last.look}
          </>
        )}
      </p>
    </div>
  );
}

/** Give takes a person's program for all the places where it runs. */
function Give(props: { readonly slot: Slot }) {
  const { name, places, empty } = props.slot;
  const lab = useLab();
  const file = useRef<HTMLInputElement>(null);
  /** Where its program has ended, or never began. */
  const over = empty ? [] : places.filter((p) => !livesAs(lab.node(p.node).now.value, p.spec.name));
  const doing = places.map((p) => lab.programs.busy(p.node, p.spec.name)).find((d) => d !== undefined);
  const wrong = places.map((p) => lab.programs.refused(p.node, p.spec.name)).find((w) => w !== undefined);
  const give = async (chosen: File): Promise<void> => {
    const [first] = places;
    if (first !== undefined) lab.selection.pick({ kind: "proc", node: first.node, proc: first.spec.name });
    for (const p of places) await lab.programs.give(p.node, p.spec.name, chosen);
  };
  return (
    <>
      <button
        type="button"
        class={empty ? "primary" : ""}
        disabled={!lab.live.value || doing !== undefined}
        onClick={() => file.current?.click()}
        data-testid={`give-${name}`}
      >
        upload {name}.wasm
      </button>{" "}
      <span class="dim">
        {doing ?? (
          <>
            {empty ? "it is started" : "✓ a program is there; another takes its place. It runs"} {runs(places)}
          </>
        )}
      </span>
      {over.length > 0 && (
        <p>
          It is not running{over.length < places.length && ` on ${nodesOf(over)}`}:{" "}
          <button
            type="button"
            class="small"
            disabled={!lab.live.value}
            onClick={() => {
              for (const p of over) void lab.send({ op: "start", node: p.node, proc: p.spec.name });
            }}
            data-testid={`restart-${name}`}
          >
            start it
          </button>
        </p>
      )}
      {wrong !== undefined && <p class="bad">{wrong}</p>}
      <input
        ref={file}
        type="file"
        accept=".wasm,application/wasm"
        aria-label={`the program ${name}`}
        hidden
        data-testid={`give-file-${name}`}
        onChange={(e) => {
          const chosen = e.currentTarget.files?.[0];
          e.currentTarget.value = "";
          if (chosen !== undefined) void give(chosen);
        }}
      />
    </>
  );
}

function nodesOf(places: readonly Place[]): string {
  return [...new Set(places.map((p) => p.node))].join(", ");
}

/** runs says where a program runs, and of one that runs once how it is called. */
function runs(places: readonly Place[]) {
  const [only, ...more] = places;
  if (only === undefined || more.length > 0)
    return `on ${nodesOf(places)}: each in its slot, with arguments of its own`;
  return (
    <>
      on {only.node} as <code title={only.spec.argv.join(" ")}>{commandLine(only.spec.argv)}</code>
    </>
  );
}
