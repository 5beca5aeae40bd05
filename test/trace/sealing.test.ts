import { expect, test } from "vitest";
import { createClearSealing, createSealing } from "../../src/trace/sealing.ts";
import { AWKWARD_TEXT } from "../conformance/samples.ts";

const key = (byte: number) => new Uint8Array(32).fill(byte);

test("a text opens with its key and its context, as it went in", () => {
  const sealing = createSealing(key(1));
  const text = JSON.stringify(AWKWARD_TEXT);
  const sealed = sealing.seal(text, "trace 1 head");
  expect(sealed).not.toContain("DROP");
  expect(sealing.open(sealed, "trace 1 head")).toBe(text);
  expect(sealing.seal("", "empty")).not.toBe("");
  expect(sealing.open(sealing.seal("", "empty"), "empty")).toBe("");
});

test("the same text is sealed differently each time", () => {
  const sealing = createSealing(key(1));
  expect(sealing.seal("sushi", "here")).not.toBe(sealing.seal("sushi", "here"));
});

test("a long text takes less room sealed than clear, opens as it went in, and cannot pass for a short one", () => {
  const sealing = createSealing(key(1));
  const text = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ index, text: AWKWARD_TEXT })));
  const sealed = sealing.seal(text, "enrichment 1");
  expect(sealed.length).toBeLessThan(text.length / 4);
  expect(sealing.open(sealed, "enrichment 1")).toBe(text);
  expect(sealing.openAny(sealed, "enrichment 1")).toBe(text);
  expect(() => sealing.open(sealed, "enrichment 2")).toThrow(/another key, or changed/);
  expect(() => sealing.open(`sealed1:${sealed.slice(8)}`, "enrichment 1")).toThrow(/another key, or changed/);
  const short = sealing.seal("sushi", "a");
  expect(() => sealing.open(`sealedz:${short.slice(8)}`, "a")).toThrow(/another key, or changed/);
});

test("another key, another context and a changed text do not open", () => {
  const sealing = createSealing(key(1));
  const sealed = sealing.seal("sushi", "trace 1 head");
  const changed = sealed.slice(0, -4) + (sealed.endsWith("AAAA") ? "BBBB" : "AAAA");
  expect(() => createSealing(key(2)).open(sealed, "trace 1 head")).toThrow(/another key, or changed/);
  expect(() => sealing.open(sealed, "trace 2 head")).toThrow(/another key, or changed/);
  expect(() => sealing.open(changed, "trace 1 head")).toThrow(/another key, or changed/);
  expect(() => sealing.open("sealed1:AA", "trace 1 head")).toThrow(/another key, or changed/);
});

test("a clear text of an earlier version is read where that may be, and nowhere else", () => {
  const sealing = createSealing(key(1));
  expect(sealing.openAny('{"id":1}', "row")).toBe('{"id":1}');
  expect(sealing.openAny(sealing.seal("{}", "row"), "row")).toBe("{}");
  expect(() => sealing.open('{"id":1}', "row")).toThrow(/no sealed text/);
});

test("digests are the same for the same key and parts, and parts cannot run together", () => {
  const [one, other] = [createSealing(key(1)), createSealing(key(2))];
  expect(one.digest("a", "b")).toMatch(/^[0-9a-f]{64}$/);
  expect(one.digest("a", "b")).toBe(createSealing(key(1)).digest("a", "b"));
  expect(one.digest("a", "b")).not.toBe(other.digest("a", "b"));
  expect(one.digest("ab", "")).not.toBe(one.digest("a", "b"));
  expect(one.keyId).not.toBe(other.keyId);
});

test("a key of another length is refused", () => {
  expect(() => createSealing(new Uint8Array(16))).toThrow(/32 bytes, not 16/);
});

test("without a key texts stay clear, and sealed ones are not taken for clear ones", () => {
  const clear = createClearSealing();
  expect(clear.open(clear.seal("sushi", "a"), "b")).toBe("sushi");
  expect(() => clear.openAny(createSealing(key(1)).seal("sushi", "a"), "a")).toThrow(/there is no key/);
});
