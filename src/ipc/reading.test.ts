import { describe, expect, it } from "vitest";
import { Failure } from "./call";
import { newReading, read } from "./reading";

describe("a reading", () => {
  it("keeps the answer to the latest request, whichever comes last", async () => {
    const reading = newReading<string[]>();
    const answers: ((answer: string[]) => void)[] = [];
    const ask = () => new Promise<string[]>((resolve) => answers.push(resolve));
    const reads = [read(reading, ask), read(reading, ask)];
    answers[1]?.(["new"]);
    await reads[1];
    answers[0]?.(["old"]);
    await reads[0];
    expect(reading).toMatchObject({ value: ["new"], isReading: false });
  });

  it("has a failure until it succeeds again, and what it knew before", async () => {
    const reading = newReading<string[]>();
    await read(reading, async () => ["known"]);
    await read(reading, async () => {
      throw new Failure({ code: "storage", message: "no such folder", hint: null });
    });
    expect(reading.failure?.message).toBe("no such folder");
    expect(reading.value).toEqual(["known"]);
    await read(reading, async () => ["again"]);
    expect(reading).toMatchObject({ value: ["again"], failure: undefined, isReading: false });
  });
});
