// The learning platforms that may launch lessons, and the courses of them that wait to be let in.
import { Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Platform } from "../../protocol/class/types";
import type { Operator } from "../../session/class/operator";
import { Badge, Copy, Dialog, Empty, Refused, TextField, When } from "../../ui/parts";
import { useActing, useSchool } from "../../ui/school";
import { Head } from "../frame";
import css from "./admin.module.css";

export function Platforms(props: { readonly operator: Operator }) {
  const { operator } = props;
  const [adding, setAdding] = useState(false);
  useEffect(() => void operator.platforms.load(), [operator]);
  const got = operator.platforms.value.value;
  return (
    <>
      <Head title="Learning platforms">
        <p class="dim">Canvas, Moodle, Open edX, Brightspace and others, by LTI 1.3.</p>
        <span class="grow" />
        <button type="button" class="primary" onClick={() => setAdding(true)} data-testid="add-platform">
          Register one by hand
        </button>
      </Head>
      <Refused error={operator.platforms.error.value} again={() => void operator.platforms.load()} />
      {got !== undefined && (
        <section class={`card ${css.tool}`} aria-labelledby="tool">
          <h2 id="tool">What a platform asks for</h2>
          <dl>
            {(
              [
                ["dynamic registration", got.tool.register],
                ["login", got.tool.login],
                ["launch, redirect", got.tool.launch],
                ["deep linking", got.tool.deeplink],
                ["public keys (JWKS)", got.tool.keys],
              ] as const
            ).map(([name, url]) => (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>
                  <code>{url}</code> <Copy text={url} what="it" />
                </dd>
              </Fragment>
            ))}
          </dl>
        </section>
      )}
      {got?.platforms.length === 0 && (
        <Empty title="No platform is registered.">
          <p class="dim">Where a platform can register tools by itself, give it the address of dynamic registration.</p>
        </Empty>
      )}
      {got?.platforms.map((p) => (
        <One key={p.id} of={p} operator={operator} />
      ))}
      {adding && <Add operator={operator} onClose={() => setAdding(false)} />}
    </>
  );
}

function One(props: { readonly of: Platform; readonly operator: Operator }) {
  const { of: p, operator } = props;
  const { people } = useSchool();
  const acting = useActing();
  const [dropping, setDropping] = useState(false);
  const now = people.clock.now.value;
  return (
    <section class={`card ${css.platform}`} aria-label={p.name}>
      <div class={css.title}>
        <h2>{p.name}</h2>
        {p.product !== "" && <Badge tone="plain">{p.product}</Badge>}
        <span class="dim">
          {p.seen > 0 ? (
            <>
              last launch <When at={p.seen} now={now} zone={people.server.zone} />
            </>
          ) : (
            "nobody has come from there yet"
          )}
        </span>
        <span class="grow" />
        <button type="button" class="small danger" onClick={() => setDropping(true)}>
          remove…
        </button>
      </div>
      <dl>
        <dt>issuer</dt>
        <dd>
          <code>{p.issuer}</code>
        </dd>
        <dt>client id</dt>
        <dd>
          <code>{p.client}</code>
        </dd>
      </dl>
      <ul class={css.deployments}>
        {p.deployments.map((d) => (
          <li key={d.id}>
            deployment <code>{d.id}</code>{" "}
            {d.pending ? <Badge tone="warn">waits for you</Badge> : <Badge tone="good">may launch</Badge>}{" "}
            {d.seen > 0 && (
              <span class="dim">
                <When at={d.seen} now={now} zone={people.server.zone} />
              </span>
            )}{" "}
            {d.pending ? (
              <button
                type="button"
                class="small primary"
                disabled={acting.busy}
                onClick={() =>
                  void acting.run(() => operator.changePlatform(p.id, { accept: d.id, version: p.version }))
                }
              >
                let it launch
              </button>
            ) : (
              <button
                type="button"
                class="small"
                disabled={acting.busy}
                onClick={() =>
                  void acting.run(() => operator.changePlatform(p.id, { refuse: d.id, version: p.version }))
                }
              >
                stop it
              </button>
            )}
          </li>
        ))}
      </ul>
      <Refused error={acting.error} again={() => void operator.platforms.load().then(acting.clear)} />
      {dropping && (
        <Dialog title={`Remove ${p.name}?`} onClose={() => setDropping(false)}>
          <p>Nobody comes in from there any more, and no score goes there. People and their work stay.</p>
          <Refused error={acting.error} />
          <div class="actions">
            <button
              type="button"
              class="danger"
              disabled={acting.busy}
              onClick={() => void acting.run(() => operator.dropPlatform(p.id))}
            >
              Remove it
            </button>
            <button type="button" onClick={() => setDropping(false)}>
              Keep it
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

const FIELDS = [
  ["name", "Name", "As you call it.", true],
  ["issuer", "Issuer", "https://canvas.instructure.com, or the platform's address.", true],
  ["client", "Client id", "The platform gives it to you.", true],
  ["auth", "Authentication request address", "", true],
  ["token", "Access token address", "", true],
  ["audience", "Audience of tokens", "Brightspace shows one; empty: the token address.", false],
  ["keys", "Public keyset address", "", true],
  ["deployment", "Deployment id", "Empty: the first launch shows it here, and you let it in.", false],
] as const;

function Add(props: { readonly operator: Operator; readonly onClose: () => void }) {
  const { operator } = props;
  const acting = useActing();
  const [typed, setTyped] = useState<{ readonly [field: string]: string }>({});
  const of = (field: string): string => (typed[field] ?? "").trim();
  const add = async (): Promise<void> => {
    const ask = {
      name: of("name"),
      issuer: of("issuer"),
      client: of("client"),
      auth: of("auth"),
      token: of("token"),
      keys: of("keys"),
      ...(of("audience") === "" ? {} : { audience: of("audience") }),
      ...(of("deployment") === "" ? {} : { deployments: [of("deployment")] }),
    };
    if ((await acting.run(() => operator.addPlatform(ask))) !== undefined) props.onClose();
  };
  return (
    <Dialog title="Register a platform" onClose={props.onClose} wide>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void add();
        }}
      >
        <div class="pair">
          {FIELDS.map(([field, label, hint, required]) => (
            <TextField
              key={field}
              label={label}
              value={typed[field] ?? ""}
              onInput={(v) => setTyped({ ...typed, [field]: v })}
              testid={`platform-${field}`}
              required={required}
              max={1000}
              {...(hint === "" ? {} : { hint })}
            />
          ))}
        </div>
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy} data-testid="platform-add">
            {acting.busy ? "registering…" : "Register"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
