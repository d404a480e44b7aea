import { describe, expect, it } from "vitest";
import type { ModelFile } from "~/ipc";
import { fileName, modelNamed, withoutEnding } from "./models";

function model(name: string): ModelFile {
  return { name, path: `/models/${name}`, size_bytes: 1, linked: false };
}

const models = [model("Small-Q4.gguf"), model("folder/Large-Q8.gguf"), model("Large-Q4.gguf")];

describe("the file that a name means", () => {
  it.each([
    ["Small-Q4.gguf", "Small-Q4.gguf"],
    ["Small-Q4", "Small-Q4.gguf"],
    ["small", "Small-Q4.gguf"],
    ["Large-Q8.gguf", "folder/Large-Q8.gguf"],
    ["/models/Large-Q4.gguf", "Large-Q4.gguf"],
    ["large", undefined],
    ["other", undefined],
    ["", undefined],
  ])("%j is %j", (name, expected) => {
    expect(modelNamed(name, models)?.name).toBe(expected);
  });
});

it("names are shown without folder and ending", () => {
  expect(fileName("C:\\models\\a.gguf")).toBe("a.gguf");
  expect(withoutEnding("a.GGUF")).toBe("a");
});
