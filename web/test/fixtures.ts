// The messages that the Go tests read too.
const files: Record<string, unknown> = import.meta.glob("../../internal/stream/testdata/*.json", {
  eager: true,
  import: "default",
});

export function fixture(name: string): unknown {
  const found = files[`../../internal/stream/testdata/${name}.json`];
  if (found === undefined) throw new Error(`there is no fixture ${name}.json`);
  return found;
}
