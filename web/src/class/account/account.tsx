// One's account: the ways in which one signs in, another account that is one's own too, and signing out everywhere.
import { useEffect, useState } from "preact/hooks";
import { dateIn } from "../../core/class/when";
import type { IdentityKind, OneTimeCode } from "../../protocol/class/types";
import { Badge, Copy, Refused, TextField, When } from "../../ui/parts";
import { useActing, useSchool } from "../../ui/school";
import { Frame, Head } from "../frame";
import css from "./account.module.css";

const KINDS: { readonly [kind in IdentityKind]: string } = {
  name: "by code and name",
  oidc: "campus login",
  lti: "learning platform",
  operator: "operator",
  code: "one-time code",
};

export function Account() {
  const { people, visit } = useSchool();
  const acting = useActing();
  useEffect(() => void people.identities.load(), [people]);
  const all = people.identities.value.value;
  const me = people.me.value;
  const now = people.clock.now.value;
  const { zone } = people.server;
  const campus = (me?.ways ?? []).filter((w) => w.kind === "oidc");
  const out = async (): Promise<void> => {
    if ((await acting.run(() => people.signOut(true))) !== undefined) visit({ kind: "signin", code: "" });
  };
  return (
    <Frame crumbs={[{ name: "Your classes", place: { kind: "classes" } }, { name: "Your account" }]}>
      <Head title={me?.name ?? "Your account"} />
      <div class={css.account}>
        <section class="card" aria-labelledby="ways">
          <h2 id="ways">How you sign in</h2>
          <Refused error={people.identities.error.value} again={() => void people.identities.load()} />
          <ul class={css.ways}>
            {all?.map((i) => (
              <li key={i.id} data-testid="identity">
                <strong>{i.issuer}</strong> <span class="dim">{KINDS[i.kind]}</span> {i.name}{" "}
                {i.email !== "" && <span class="dim">{i.email}</span>}{" "}
                {i.this ? (
                  <Badge tone="good">now</Badge>
                ) : (
                  i.seen > 0 && (
                    <span class="dim">
                      <When at={i.seen} now={now} zone={zone} />
                    </span>
                  )
                )}
                <span class="grow" />
                {i.kind === "oidc" && !i.this && (
                  <button
                    type="button"
                    class="small"
                    disabled={acting.busy}
                    aria-label={`remove ${i.issuer}`}
                    onClick={() => void acting.run(() => people.forget(i.id))}
                  >
                    remove
                  </button>
                )}
              </li>
            ))}
          </ul>
          <Refused error={acting.error} />
          <div class="actions">
            {campus.map((w) => (
              <a key={w.href} class="button" href={`${w.href}?link=1&to=${encodeURIComponent("/#account")}`}>
                also by {w.name}
              </a>
            ))}
            <button type="button" class="danger" disabled={acting.busy} onClick={() => void out()}>
              Sign out everywhere
            </button>
          </div>
        </section>
        <Merge />
      </div>
    </Frame>
  );
}

/** Merge joins two accounts of one human: one makes a code, and the other enters it. */
function Merge() {
  const { people } = useSchool();
  const making = useActing();
  const acting = useActing();
  const [made, setMade] = useState<OneTimeCode | undefined>(undefined);
  const [code, setCode] = useState("");
  const merge = async (): Promise<void> => {
    if ((await acting.run(() => people.merge(code.trim()))) !== undefined) setCode("");
  };
  return (
    <section class="card" aria-labelledby="join-accounts">
      <h2 id="join-accounts">Another account of yours</h2>
      <p class="dim">
        You came once by code and once from your course, and are two people here? Make a code in one, and enter it in
        the other: then both see the classes of both. Your hand-ins stay as they are.
      </p>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void merge();
        }}
      >
        <TextField
          label="Code of the other account"
          value={code}
          onInput={setCode}
          testid="merge-code"
          mono
          required
          max={20}
        />
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" disabled={acting.busy} data-testid="merge">
            {acting.busy ? "joining…" : "Join the two"}
          </button>
          <button
            type="button"
            disabled={making.busy}
            onClick={() => void making.run(() => people.mergeCode()).then((got) => setMade(got?.value))}
            data-testid="merge-make"
          >
            Make a code here
          </button>
        </div>
      </form>
      <Refused error={making.error} />
      {made !== undefined && (
        <p class={css.made} role="status">
          <strong class="mono">{made.code}</strong> until{" "}
          {dateIn(made.expires, people.server.zone, people.clock.now.value)} <Copy text={made.code} what="the code" />
        </p>
      )}
    </section>
  );
}
