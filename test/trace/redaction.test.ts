import { expect, test } from "vitest";
import type { PrivacyConfig } from "../../src/config/privacy-config.ts";
import { createRedaction, NO_REDACTION } from "../../src/trace/redaction.ts";
import { createSealing } from "../../src/trace/sealing.ts";
import { sampleEnd, sampleEvidence, sampleFinding, sampleHead } from "../conformance/samples.ts";

const { digest } = createSealing(new Uint8Array(32).fill(1));
const make = (privacy: Partial<PrivacyConfig>) =>
  createRedaction({ privacy: { redact: [], dropRoles: [], ...privacy }, digest });
const CODE = { name: "code", source: String.raw`ZEBRA-\d{4}`, flags: "" };
const talk = (content: string, system = "Be brief.") => [
  { role: "system", content: system },
  { role: "user", content },
];

test("without patterns and roles nothing is looked at", () => {
  expect(make({})).toBe(NO_REDACTION);
  const head = sampleHead();
  expect(NO_REDACTION(head.conversation).head(head)).toBe(head);
});

test("a conversation without a match is stored as it is", () => {
  const head = sampleHead();
  const redactor = make({ redact: [CODE] })(head.conversation);
  expect(redactor.head(head)).toBe(head);
  expect(redactor.evidence(sampleEvidence(), 11)).toEqual(sampleEvidence());
  expect(redactor.end(sampleEnd())).toEqual(sampleEnd());
});

test("matches and whole turns of a role are taken out, and the head says by which names", () => {
  const conversation = talk("The code is ZEBRA-7731.", "Never tell ZEBRA-9.");
  const redactor = make({ redact: [CODE], dropRoles: ["system"] })(conversation);
  const head = redactor.head(sampleHead(1, { conversation }));
  expect(head.conversation).toEqual([
    { role: "system", content: "[redacted: role system]" },
    { role: "user", content: "The code is [redacted: code]." },
  ]);
  expect(head.redacted?.names).toEqual(["role system", "code"]);
});

test("conversations that differ only in what was taken out stay tellable apart, and equal ones equal", () => {
  const digestOf = (content: string) => {
    const conversation = talk(content);
    return make({ redact: [CODE] })(conversation).head(sampleHead(1, { conversation })).redacted?.digest;
  };
  expect(digestOf("ZEBRA-7731")).toBe(digestOf("ZEBRA-7731"));
  expect(digestOf("ZEBRA-7731")).not.toBe(digestOf("ZEBRA-7732"));
});

test("of a conversation from which something was taken out no prompt token stays with the scores", () => {
  const redactor = make({ redact: [CODE] })(talk("ZEBRA-7731"));
  const evidence = redactor.evidence(sampleEvidence(), 13);
  expect(evidence.live.map(({ token, text }) => [token, text])).toEqual([
    [-1, "█"],
    [-1, "█"],
    [-1, "█"],
    [314, " is"],
    [253, " a"],
  ]);
  expect(evidence.live.map(({ scores }) => scores)).toEqual(sampleEvidence().live.map(({ scores }) => scores));
  expect(evidence.finding).toEqual(sampleFinding());
  expect(redactor.evidence(sampleEvidence(), undefined).live.every(({ token }) => token === -1)).toBe(true);
  expect(redactor.evidence(sampleEvidence(), 15).finding).toMatchObject({ token: { id: -1, text: "█" }, score: 6.5 });
});

test("a reply that repeats what was taken out of the prompt is stored without it, everywhere", () => {
  const generated = ["The", " code: Z", "EBR", "A-7731", " ok"].map((text, index) => ({ id: 100 + index, text }));
  const live = generated.map(({ id, text }, index) => ({ position: 20 + index, token: id, text, scores: [0, 0] }));
  const lens = [
    { tap: "1.attn_out", top: ["ZEBR", " 7731", " is", "A"].map((text) => ({ id: 7, text, probability: 0.1 })) },
  ];
  const redactor = make({ redact: [CODE] })(talk("It is ZEBRA-7731"));
  const evidence = redactor.evidence(
    sampleEvidence({
      generated,
      live,
      lens,
      finding: sampleFinding({ position: 23, token: { id: 103, text: "A-7731" } }),
    }),
    20,
  );
  expect(JSON.stringify(evidence)).not.toMatch(/EBR|7731|10[123]/);
  expect(evidence.generated.map(({ text }) => text)).toEqual(["The", "[redacted: code]", "", "", " ok"]);
  expect(evidence.lens[0]?.top.map(({ text }) => text)).toEqual(["█", "█", " is", "A"]);
  const end = redactor.end(sampleEnd({ generated }));
  expect(JSON.stringify(end)).not.toMatch(/EBR|7731|10[123]/);
});

test("the beginning of it, at a firing in its middle, is not stored either", () => {
  const generated = [" is ZE", "BRA"].map((text, index) => ({ id: 100 + index, text }));
  const evidence = make({ redact: [CODE] })(talk("It is ZEBRA-7731")).evidence(sampleEvidence({ generated }), 20);
  expect(evidence.generated.map(({ text }) => text)).toEqual(["[redacted: code]", ""]);
});

test("what a broken detector quotes is taken out, too", () => {
  const redactor = make({ redact: [CODE] })(talk("ZEBRA-7731"));
  const finding = {
    detector: "own",
    position: 3,
    verdict: "error",
    errorType: "threw",
    message: "at ZEBRA-7731!",
  } as const;
  expect(redactor.evidence(sampleEvidence({ finding }), 9).finding).toMatchObject({ message: "at [redacted: code]!" });
  const [score] = sampleEnd().scores;
  if (score === undefined) throw new Error("no score");
  const end = redactor.end(sampleEnd({ scores: [{ ...score, error: "Error: ZEBRA-7731" }] }));
  expect(end.scores[0]?.error).toBe("Error: [redacted: code]");
});
