// To sign in: by a class's code and one's name, by a campus login, by a code that somebody gave one.
import { useState } from "preact/hooks";
import { Refused, TextField } from "../../ui/parts";
import { entry } from "../../ui/place";
import { useActing, useSchool } from "../../ui/school";
import { Frame } from "../frame";
import css from "./signin.module.css";

export function SignIn(props: { readonly code: string }) {
  const { people } = useSchool();
  const me = people.me.value;
  const campus = (me?.ways ?? []).filter((w) => w.kind === "oidc");
  return (
    <Frame>
      <div class={css.signin}>
        <h1>Sign in</h1>
        {me?.framed === true && !me.signed_in && (
          <p class="told">
            This browser keeps nothing for a page in a frame, so you are not known here. Open the lesson in a window of
            its own from your course.
          </p>
        )}
        <Join code={props.code} />
        {campus.length > 0 && (
          <section class="card" aria-labelledby="campus">
            <h2 id="campus">With your campus login</h2>
            <div class={css.ways}>
              {campus.map((w) => (
                <a key={w.href} class="button" href={w.href} data-testid="campus">
                  {w.name}
                </a>
              ))}
            </div>
          </section>
        )}
        <Token />
        <p class="dim">
          You need no account to try the <a href="#start">lessons and labs</a> on your own.
        </p>
      </div>
    </Frame>
  );
}

function Join(props: { readonly code: string }) {
  const { people, visit } = useSchool();
  const acting = useActing();
  const [code, setCode] = useState(props.code);
  const [name, setName] = useState("");
  const [word, setWord] = useState("");
  const [want, setWant] = useState("");
  const join = async (): Promise<void> => {
    const got = await acting.run(async () => {
      const answer = await people.join(code.trim(), name.trim(), word.trim());
      setWant(answer.ok ? "" : answer.want);
      return answer;
    });
    if (got !== undefined) visit(entry(got.value));
  };
  return (
    <section class="card" aria-labelledby="join">
      <h2 id="join">Join your class</h2>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void join();
        }}
      >
        <TextField
          label="Join code"
          hint="Eight letters and digits, which your teacher shows. Capitals and dashes make no difference."
          value={code}
          onInput={setCode}
          testid="code"
          required
          mono
          max={20}
          placeholder="7KQ2-M9XA"
        />
        <TextField
          label="Your name"
          hint="As it is on the list of the class."
          value={name}
          onInput={setName}
          testid="name"
          required
          autocomplete="name"
        />
        {want === "word" && (
          <TextField
            label="Your return word"
            hint="You were given it when you joined. Lost? Your teacher can make you a one-time code."
            value={word}
            onInput={setWord}
            testid="secret"
            mono
          />
        )}
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy} data-testid="join">
            {acting.busy ? "joining…" : "Join"}
          </button>
        </div>
      </form>
    </section>
  );
}

function Token() {
  const { people, visit } = useSchool();
  const acting = useActing();
  const [token, setToken] = useState("");
  const enter = async (): Promise<void> => {
    const got = await acting.run(() => people.signIn(token.trim()));
    if (got !== undefined) visit(entry(got.value));
  };
  return (
    <details class="card">
      <summary data-testid="have-code">I have a one-time code, a return word or a token</summary>
      <form
        class={`form ${css.token}`}
        onSubmit={(e) => {
          e.preventDefault();
          void enter();
        }}
      >
        <TextField
          label="Code, word or token"
          hint="A teacher makes one-time codes; labserver admin prints the operator's token. A return word of two parts goes with your name, above."
          value={token}
          onInput={setToken}
          testid="token"
          required
          mono
          max={400}
        />
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" disabled={acting.busy} data-testid="enter">
            {acting.busy ? "signing in…" : "Sign in"}
          </button>
        </div>
      </form>
    </details>
  );
}
