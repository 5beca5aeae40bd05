import { describe, expect, it } from "vitest";
import { bagOfWordsScores, wordsOf } from "../../src/evaluation/bag-of-words.ts";
import { auroc } from "../../src/training/rates.ts";

// sklearn 1.9.1: normalize(CountVectorizer(ngram_range=(1, 2), binary=True, token_pattern=r"[\w']+")), then for each fold
// Ridge(alpha=1.0).fit(X, 2 * y - 1, sample_weight=w) on the others, each class of w summing to half of their number.
const REFERENCE = [
  0.34525406771658085, -0.6145100585598139, 0.4200579703643676, -0.5984263401259412, -0.005039262773431918,
  -0.2808640247854943, 0.2759114454801156, -0.45499083775835136, -0.18490259644070856, -0.25036504714821806,
  0.31046515747212666, -0.43273106672476636,
];

describe("the words of a text", () => {
  it("are single words and pairs of neighbours, once each, in lower case", () => {
    expect([...wordsOf("The cat, the CAT's été!")]).toEqual([
      "the",
      "cat",
      "cat's",
      "été",
      "the cat",
      "cat the",
      "the cat's",
      "cat's été",
    ]);
    expect(wordsOf("…").size).toBe(0);
  });
});

describe("the bag of words", () => {
  const texts = [
    "red fish swim",
    "blue birds fly",
    "red fish jump high",
    "blue birds sing",
    "the red fox",
    "a blue sky today",
    "red apples and red fish",
    "blue jeans",
    "no colour here",
    "plain words here",
    "red",
    "blue birds swim high",
  ];
  const labels = Uint8Array.from(texts, (text) => Number(text.includes("red")));
  const folds = Int32Array.from(texts, (_, row) => row % 3);

  it("scores texts of a fold by the words of the others, as scikit-learn does", () => {
    const scores = bagOfWordsScores(texts, labels, { folds });
    REFERENCE.forEach((score, row) => expect(scores[row]).toBeCloseTo(score, 9));
  });

  it("finds a word that parts the classes, and nothing in words it has not seen", () => {
    expect(auroc(bagOfWordsScores(texts, labels, { folds }), labels)).toBeGreaterThan(0.8);
    const alien = bagOfWordsScores([...texts, "zzz", "…"], Uint8Array.of(...labels, 1, 0), {
      folds: Int32Array.of(...folds, 7, 7),
    });
    expect(alien[12]).toBe(alien[13]);
  });

  it("takes more rows than a fit does, and still scores every one of them", () => {
    const many = Array.from(
      { length: 4000 },
      (_, row) => `word${row % 50} other${row % 31} ${row % 2 ? "this" : "that"}`,
    );
    const classes = Uint8Array.from(many, (_, row) => row % 2);
    const scores = bagOfWordsScores(many, classes, {
      folds: Int32Array.from(many, (_, row) => row % 3),
      mostRows: 200,
    });
    expect(scores.every((score, row) => score > 0 === (classes[row] === 1))).toBe(true);
  });

  it("is refused for one class", () => {
    expect(() => bagOfWordsScores(texts, labels.fill(1), { folds })).toThrow("it needs both classes");
  });
});
