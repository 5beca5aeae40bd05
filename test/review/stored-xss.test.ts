import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import type { Trace } from "../../src/trace/trace.ts";
import { visibleText } from "../../src/visible-text.ts";
import {
  sampleDecision,
  sampleEnd,
  sampleEvidence,
  sampleFinding,
  sampleHead,
  traceId,
} from "../conformance/samples.ts";
import { temporaryFolder } from "../conformance/temporary-folder.ts";
import { ATTACKS } from "./attack-texts.ts";
import { describeInBrowser, openItem } from "./console-page.ts";
import { PROPOSALS, STATISTICS } from "./desk-figures.ts";
import { madeEnrichment } from "./made-enrichment.ts";
import { startReviewServer } from "./review-server.ts";

/** A notice goes after seconds, sooner than a busy machine looks; its text stays. */
const SAID = { state: "attached" } as const;

/** A trace in which every text that anyone may write is the attack. */
function attackTrace(number: number, text: string): Trace {
  const token = { id: 1, text };
  const finding = sampleFinding({ detector: text, names: [{ name: text, share: 1 }], token, tap: text });
  const broken = { detector: text, position: 15, verdict: "error", errorType: "threw", message: text } as const;
  const decision = { action: "abort", rule: text } as const;
  const evidence = sampleEvidence({
    decision,
    detectors: [text],
    lens: [{ tap: text, top: [{ id: 1, text, probability: 0.5 }] }],
    live: [{ position: 14, token: 1, text, scores: [7] }],
  });
  return {
    head: sampleHead(number, {
      createdAt: Date.now() - number,
      conversation: [{ role: text, content: text }],
      policy: text,
      requestId: text,
      keyId: text,
      model: { name: text, sha256: text, precision: text },
    }),
    state: "complete",
    evidence: [
      { ...evidence, finding },
      { ...evidence, finding: broken },
    ],
    end: sampleEnd({ generated: [token, token, token, token, token], releasedTokens: 3 }),
    queued: true,
    sample: null,
  };
}

const parts = {
  descriptions: Object.fromEntries(ATTACKS.map((text) => [text, text])),
  statistics: async () => ({
    ...STATISTICS,
    perDetector: ATTACKS.map((detector) => ({ ...STATISTICS.perDetector[0], detector })),
    throughput: ATTACKS.map((day) => ({ day, decided: 1 })),
  }),
  proposals: {
    list: async () => ATTACKS.map((detector) => ({ ...PROPOSALS[0], detector, caveats: [detector] })),
    write: async () => ({}),
  },
};

/** A desk with one trace for each attack, with re-read, verdicts, notes, claims and audit entries of the same text. */
async function start() {
  const server = await startReviewServer(temporaryFolder(), { parts });
  onTestFinished(async () => {
    await server.close();
  });
  for (const [index, text] of ATTACKS.entries()) {
    const trace = attackTrace(index + 1, text);
    const id = trace.head.id;
    const at = Date.now();
    await server.add(trace);
    const made = { ...madeEnrichment(trace, text), continuation: { text, tokens: 1 } };
    const failed = { version: 1, traceId: id, madeAt: at, failed: text };
    await server.enrichments.put(id, at, JSON.stringify(index % 5 === 4 ? failed : made));
    const verdict = index % 2 === 0 ? "true_positive" : "withdrawn";
    await server.decisions.add(
      sampleDecision(index + 1, { reviewer: text, note: text, detector: text, verdict, decidedAt: at }),
    );
    await server.audit.add({ at, actor: text, event: "note", traceId: id, detail: { text } });
    await server.audit.add({ at, actor: text, event: text, traceId: id, detail: { [text]: text } });
    const claim = await server.queue.claim({ reviewer: text, leaseMs: 60_000, traceId: id });
    if (claim !== undefined && index % 2 === 0) await server.queue.decide(id, claim.token);
  }
  return server;
}

const OWN_TAGS = `A BODY BUTTON CANVAS CODE DD DETAILS DIALOG DIV DL DT EM FIELDSET FORM H1 H2 H3 H4 HEAD HEADER HTML INPUT KBD LABEL LEGEND LI
  LINK MAIN MARK META NAV OL OPTION P SCRIPT SECTION SELECT SPAN STRONG SUMMARY TABLE TBODY TD TEXTAREA TH THEAD TIME TITLE TR UL`;

/** What is in the page that the page itself does not make: tags, handlers, addresses, style, raw control characters. */
const STRANGERS = `(() => {
  const own = new Set(${JSON.stringify(OWN_TAGS.split(/\s+/))});
  const found = [];
  for (const node of document.querySelectorAll("*")) {
    if (!own.has(node.tagName)) found.push(node.tagName);
    if (["LINK", "SCRIPT", "META"].includes(node.tagName) && node.parentNode !== document.head) found.push("loose " + node.tagName);
    for (const { name, value } of node.attributes) {
      if (/^on/i.test(name) || name === "srcdoc" || name === "formaction" || name === "action") found.push(name);
      if ((name === "href" || name === "src") && !/^(#\\/|#main$|[a-z-]+\\.(css|js)$)/.test(value)) found.push(name + "=" + value);
      if (name === "style" && /url|expression/i.test(value)) found.push(name + "=" + value);
      if (/^(title|alt|placeholder|aria-.*)$/.test(name) && /[\\u202a-\\u202e\\u2066-\\u2069\\u0000-\\u0008\\u001b]/.test(value)) found.push("raw " + name);
    }
  }
  if (/[\\u202a-\\u202e\\u2066-\\u2069\\u0000-\\u0008\\u001b]/.test(document.body.textContent)) found.push("raw text");
  return found;
})()`;

/** Unfolds everything and points at everything that answers to it. */
const OPEN_ALL = `(() => {
  for (const fold of document.querySelectorAll("main details")) fold.open = true;
  for (const spot of [".cell", ".lever", ".layer-table tr[data-tap]", ".reply [data-position]"])
    for (const node of [...document.querySelectorAll(spot)].slice(0, 3))
      node.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  document.querySelector(".picture-frame")?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
  document.querySelector(".picture-frame")?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
})()`;

async function isHarmless(page: Page, where: string): Promise<void> {
  expect([where, await page.evaluate(STRANGERS), await page.evaluate("window.attacked ?? null")]).toEqual([
    where,
    [],
    null,
  ]);
  expect([where, await page.evaluate("document.documentElement.scrollWidth - innerWidth")]).toEqual([where, 0]);
}

describeInBrowser("texts that others wrote, in a browser", (visit) => {
  test(`${ATTACKS.length} attacks stay text on every page, whoever wrote them and wherever they stand`, async () => {
    expect(ATTACKS.length).toBeGreaterThanOrEqual(40);
    const server = await start();
    const { page, troubles } = await visit(server.origin, {
      width: 1_200,
      name: "<img src=x onerror=window.attacked=1>",
    });
    for (const state of ["claimed", "decided"]) {
      await page.evaluate(`location.hash = "#/?state=${state}"`);
      await page.waitForSelector(`[data-state=${state}][aria-pressed=true]`);
      await page.waitForSelector(".row");
      await page.waitForTimeout(300);
      await isHarmless(page, state);
    }
    for (const [index, text] of ATTACKS.entries()) {
      await openItem(page, traceId(index + 1));
      await page.waitForSelector(`.facts:has-text('${traceId(index + 1)}')`, { state: "attached" });
      await page.evaluate(OPEN_ALL);
      await isHarmless(page, text);
      const shown = (await page.textContent(".turn .text")) ?? "";
      expect([text, shown.includes(visibleText(text).slice(0, 500))]).toEqual([text, true]);
      await page.evaluate(`location.hash = "#/find/${traceId(index + 1)}"`);
      await page.waitForSelector(`.runs [data-trace="${traceId(index + 1)}"]`);
      await isHarmless(page, `find ${text}`);
    }
    for (const [hash, sign] of [
      ["#/statistics", ".detector-row"],
      ["#/thresholds", ".proposal"],
      ["#/audit", ".audit"],
    ] as const) {
      await page.evaluate(`location.hash = "${hash}"`);
      await page.waitForSelector(sign);
      await isHarmless(page, hash);
    }
    await page.click(".audit a >> nth=0");
    await page.waitForSelector(".reason");
    expect(troubles).toEqual([]);
  }, 240_000);

  test("what a reviewer types comes back as text: name, note, verdict and filter", async () => {
    const server = await start();
    const attack = `"><img src=x onerror=window.attacked=1>`;
    const { page, troubles } = await visit(server.origin, { name: attack, hash: `#/item/${traceId(1)}` });
    await page.waitForSelector(".notes textarea");
    await page.fill(".notes textarea", attack);
    await page.click(".notes button");
    await page.waitForSelector(`.notes li:has-text("${attack.slice(2, 12)}")`);
    await page.fill(".verdict textarea", attack);
    await page.check("[value=unsure]");
    await page.click(".verdict .primary");
    await page.waitForSelector("#notice:has-text('Recorded')", SAID);
    await isHarmless(page, "typed");
    await page.evaluate(`location.hash = "#/?state=decided&model=" + encodeURIComponent(${JSON.stringify(attack)})`);
    await page.waitForSelector(".empty");
    await isHarmless(page, "filter");
    expect(troubles).toEqual([]);
  });
});
