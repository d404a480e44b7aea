import { expect, it } from "vitest";
import { looksLike, newTask, pastedTable, textBytes } from "./source";

it("sees how a text holds its table", () => {
  expect(looksLike("a\tb\n1\t2")).toBe("tsv");
  expect(looksLike("a,b\n1,2\t3")).toBe("csv");
  expect(looksLike("\uFEFF <html><TABLE border=1><tr></table>")).toBe("html");
  expect(looksLike("<b>no rows</b>")).toBe("csv");
  expect(looksLike("")).toBe("csv");
});

it("takes the form of the clipboard that keeps most", () => {
  const html = "<meta><table><tr><td>a</td></tr></table>";
  expect(pastedTable("a\tb", html)).toBe("a\tb");
  expect(pastedTable("a b", html)).toBe(html);
  expect(pastedTable("a,b\n1,2", "<p>a,b</p>")).toBe("a,b\n1,2");
  expect(pastedTable("", html)).toBe(html);
});

it("names no two tasks alike", () => {
  expect(newTask("preview")).not.toBe(newTask("preview"));
});

it("counts bytes, not letters", () => {
  expect(textBytes("aé")).toBe(3);
});
