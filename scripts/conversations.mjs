// Writes ordinary conversations of one to three turns of the user as JSON lines: what thresholds are set on, where no other
// traffic is at hand. Each ends with the user's turn, so that the model answers. The seed is fixed: the same count gives the
// same lines, and all are different. Script, questions and rows are CC0.
//
//   node scripts/conversations.mjs [--count 1000] > ordinary.jsonl
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { generator } from "./data/seeded-draws.mjs";

const SEED = 20_240_702;
const topics = JSON.parse(readFileSync(new URL("data/everyday-questions.json", import.meta.url), "utf8"));
const questions = Object.entries(topics).flatMap(([topic, texts]) => texts.map((text) => ({ topic, text })));

/** Said before a question, or nothing. */
const OPENINGS = [
  "",
  "Hi! ",
  "Quick one before dinner: ",
  "I was wondering about something on the bus. ",
  "My sister and I could not agree on this. ",
  "Good morning. ",
  "One more small thing for today. ",
  "I am new to this, so please be patient. ",
  "A friend asked me this yesterday. ",
  "Hello, it is me again with a question. ",
  "I have about five minutes. ",
  "For my notebook: ",
];

/** Said after a question, or nothing. */
const CLOSINGS = [
  "",
  " Two sentences are enough.",
  " Please keep it simple.",
  " Thanks!",
  " A list would be nice.",
  " Take your time.",
];

/** What an assistant asks back, with answers that fit every question. */
const EXCHANGES = [
  [
    "Happy to help. Is this for you, or for someone else?",
    ["For me.", "For my aunt, she is curious.", "For the two of us at home."],
  ],
  [
    "Sure. Would you like a short answer or a long one?",
    ["A short one, please.", "A long one, I have time.", "Something in between."],
  ],
  [
    "Good question. How much do you know about it already?",
    ["Hardly anything.", "A little, from a book.", "I have tried it once."],
  ],
  [
    "Of course. Shall I give an example, too?",
    ["Yes, one example.", "No example, just the main point.", "Two small ones would be great."],
  ],
  [
    "I can do that. Do you want it step by step?",
    ["Step by step, yes.", "No, in one go.", "Only the first step for now."],
  ],
  [
    "Gladly. What made you think of it?",
    [
      "It came up at breakfast.",
      "I saw something like it in a shop window.",
      "Nothing special, it just crossed my mind.",
    ],
  ],
  [
    "With pleasure. Is there anything that I should leave out?",
    ["Leave out the long words.", "No, go ahead.", "Anything that takes more than a day."],
  ],
  ["Let us see. Do you need it today?", ["Yes, this afternoon.", "No, some day this week.", "By Saturday."]],
];

/** Said with the last answer, or nothing. */
const REMARKS = [
  "",
  " And tell me one thing that most people forget.",
  " What would you begin with?",
  " I am all ears.",
  " Then I can tell the others.",
];

const { values } = parseArgs({ options: { count: { type: "string", default: "1000" } } });
const count = Number(values.count);
if (!Number.isInteger(count) || count < 1) throw new Error(`--count ${values.count}: give a whole number from 1 on`);

const random = generator(SEED);

const pick = (list) => list[Math.floor(random() * list.length)];

function shuffled(list) {
  const rest = [...list];
  return Array.from(list, () => rest.splice(Math.floor(random() * rest.length), 1)[0]);
}

/** The question, then exchanges: the assistant asks back, the user answers. */
function conversation({ text }, exchanges) {
  const messages = [{ role: "user", content: `${pick(OPENINGS)}${text}${pick(CLOSINGS)}` }];
  const chosen = shuffled(EXCHANGES).slice(0, exchanges);
  for (const [index, [asked, answers]] of chosen.entries()) {
    const remark = index === chosen.length - 1 ? pick(REMARKS) : "";
    messages.push({ role: "assistant", content: asked }, { role: "user", content: `${pick(answers)}${remark}` });
  }
  return messages;
}

const seen = new Set();
let order = [];
for (let made = 0, tries = 0; made < count; tries += 1) {
  if (tries > 20 * count + 10_000)
    throw new Error(`there are no ${count} different conversations: give a smaller --count`);
  // Every question comes once before any comes again.
  if (order.length === 0) order = shuffled(questions);
  const question = order.pop();
  const messages = conversation(question, Math.floor(random() * 3));
  const key = JSON.stringify(messages);
  if (seen.has(key)) continue;
  seen.add(key);
  made += 1;
  const id = `ordinary-${String(made).padStart(4, "0")}`;
  process.stdout.write(`${JSON.stringify({ id, messages, label: 0, source: "lensgate", topic: question.topic })}\n`);
}
