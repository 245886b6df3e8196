import { describe, expect, test } from "vitest";
import { unexplained } from "../src/core/refusal";

describe("an answer that does not say why", () => {
  test.each([
    ["a proxy that takes no such uploads", 413, "2.8 MiB", /^2\.8 MiB is more than .* nginx: client_max_body_size 32m/],
    ["one whose size nobody knows", 413, "", /^What was sent is more than/],
    ["a proxy that counts requests", 429, "", /Try again in a minute/],
    ["a proxy without its server", 502, "", /no answer from labserver \(502\)/],
    ["a proxy that waited", 504, "", /\(504\)/],
    ["another", 418, "", /^The server answered 418 and did not say why\.$/],
  ])("%s", (_, status, sent, want) => {
    expect(unexplained(status, sent)).toMatch(want);
  });
});
