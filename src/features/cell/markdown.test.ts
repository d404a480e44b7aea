import { describe, expect, it } from "vitest";
import { type Block, type Inline, parseMarkdown } from "./markdown";

/** The tree in one line, for short expectations. */
function outline(blocks: Block[]): string {
  return blocks.map(blockOutline).join(" ");
}

function blockOutline(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `h${block.level}(${pieces(block.content)})`;
    case "paragraph":
      return `p(${pieces(block.content)})`;
    case "list": {
      const items = block.items.map((item) => {
        const mark = item.checked === null ? "" : item.checked ? "[x]" : "[ ]";
        return `${mark}${outline(item.blocks)}`;
      });
      return `${block.ordered ? `ol${block.start}` : "ul"}(${items.join(", ")})`;
    }
    case "quote":
      return `quote(${outline(block.blocks)})`;
    case "code":
      return `code:${block.language}(${block.text})`;
    case "table": {
      const rows = block.rows.map((row) => row.map(pieces).join("|"));
      return `table[${block.align.join(",")}](${[block.header.map(pieces).join("|"), ...rows].join(" / ")})`;
    }
    case "rule":
      return "rule";
  }
}

function pieces(content: Inline[]): string {
  return content
    .map((piece) => {
      switch (piece.kind) {
        case "text":
          return piece.text;
        case "code":
          return `\`${piece.text}\``;
        case "link":
          return `<${piece.url} ${pieces(piece.content)}>`;
        case "image":
          return `image(${piece.description})`;
        case "break":
          return "⏎";
        default:
          return `${piece.kind}(${pieces(piece.content)})`;
      }
    })
    .join("");
}

function read(text: string): string {
  return outline(parseMarkdown(text));
}

describe("blocks", () => {
  it.each([
    ["# One\n\ntext", "h1(One) p(text)"],
    ["###### Six ##", "h6(Six)"],
    ["#hashtag", "p(#hashtag)"],
    ["####### seven", "p(####### seven)"],
    ["a\nb\n\nc", "p(a\nb) p(c)"],
    ["a  \nb", "p(a⏎b)"],
    ["---", "rule"],
    ["* * *", "rule"],
    ["> a\n> b\n\nc", "quote(p(a\nb)) p(c)"],
    ["> > deep", "quote(quote(p(deep)))"],
    ["```js\nlet a;\n```\nb", "code:js(let a;) p(b)"],
    ["~~~\n```\n~~~", "code:(```)"],
    ["```\nnever closed", "code:(never closed)"],
  ])("%j", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ["- a\n- b", "ul(p(a), p(b))"],
    ["3. a\n4. b", "ol3(p(a), p(b))"],
    ["1. a\n2) b", "ol1(p(a)) ol2(p(b))"],
    ["- a\n  - b\n    - c\n- d", "ul(p(a) ul(p(b) ul(p(c))), p(d))"],
    ["1. a\n   - b\n2. c", "ol1(p(a) ul(p(b)), p(c))"],
    ["- a\n\n  more\n- b", "ul(p(a) p(more), p(b))"],
    ["- a\nlazy", "ul(p(a\nlazy))"],
    ["- [ ] a\n- [x] b", "ul([ ]p(a), [x]p(b))"],
    ["- a\n\ntext", "ul(p(a)) p(text)"],
    ["text\n- a", "p(text) ul(p(a))"],
    ["-5 degrees", "p(-5 degrees)"],
    ["-", "ul()"],
  ])("list %j", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ["|a|b|\n|-|-:|\n|1|2|\n\nend", "table[start,end](a|b / 1|2) p(end)"],
    ["a | b\n:-: | ---\n`x|y` | 2 \\| 3", "table[center,start](a|b / `x|y`|2 | 3)"],
    ["|a|b|\n|-|-|\n|only one|\n|1|2|3|", "table[start,start](a|b / only one| / 1|2)"],
    ["a | b\nc | d", "p(a | b\nc | d)"],
    ["|a|b|\n|-|", "p(|a|b|\n|-|)"],
  ])("table %j", (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe("pieces of a line", () => {
  it.each([
    ["**bold** and *it* and ~~gone~~", "strong(bold) and emphasis(it) and strike(gone)"],
    ["__bold__ _it_", "strong(bold) emphasis(it)"],
    ["***both***", "strong(emphasis(both))"],
    ["*a **b** c*", "emphasis(a strong(b) c)"],
    ["snake_case_name", "snake_case_name"],
    ["2 * 3 * 4", "2 * 3 * 4"],
    ["**never closed", "**never closed"],
    ["\\*plain\\*", "*plain*"],
    ["`a * b` ``c ` d``", "`a * b` `c ` d`"],
    ["`never closed", "`never closed"],
    ["&lt;b&gt; <b>", "&lt;b&gt; <b>"],
  ])("%j", (text, expected) => {
    expect(read(text)).toBe(`p(${expected})`);
  });

  it.each([
    ["[a](https://x.org/b)", "<https://x.org/b a>"],
    ['[a *b*](http://x.org "title")', "<http://x.org/ a emphasis(b)>"],
    ["[a](https://x.org/b_(c))", "<https://x.org/b_(c) a>"],
    ["see https://x.org/a.", "see <https://x.org/a https://x.org/a>."],
    ["(https://x.org/a)", "(<https://x.org/a https://x.org/a>)"],
    ["<https://x.org>", "<https://x.org/ https://x.org>"],
    ["[a](/relative)", "[a](/relative)"],
    ["[a]", "[a]"],
    ["[a](", "[a]("],
  ])("link %j", (text, expected) => {
    expect(read(text)).toBe(`p(${expected})`);
  });
});

describe("hostile text", () => {
  it.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x]( java\tscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](file:///etc/passwd)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    "[x](http://[)",
  ])("makes no link of %j", (text) => {
    expect(JSON.stringify(parseMarkdown(text))).not.toContain('"link"');
  });

  it("keeps HTML as text", () => {
    const text = `<script>alert(1)</script><img src=x onerror=alert(1)>`;
    expect(parseMarkdown(text)).toEqual([{ kind: "paragraph", content: [{ kind: "text", text }] }]);
  });

  it("names images and keeps their address from being a link", () => {
    const [block] = parseMarkdown("![a beacon](https://evil.example/x.png)");
    expect(block).toEqual({
      kind: "paragraph",
      content: [{ kind: "image", description: "a beacon", url: "https://evil.example/x.png" }],
    });
  });

  it("shows an address in the letters that are opened", () => {
    const [block] = parseMarkdown("[bank](https://аpple.com/)");
    expect(JSON.stringify(block)).toContain("https://xn--pple-43d.com/");
  });

  it("makes no link of an address that nobody could judge", () => {
    const text = `https://x.org/${"a".repeat(5_000)}`;
    expect(JSON.stringify(parseMarkdown(`[x](${text})`))).not.toContain('"link"');
  });

  const size = 200_000;
  it.each([
    ["stars", "*".repeat(size)],
    ["spaced stars", "*a ".repeat(size / 3)],
    ["double stars", "**a ".repeat(size / 4)],
    ["underscores", "_a".repeat(size / 2)],
    ["brackets", "[".repeat(size)],
    ["links that never close", "[a](".repeat(size / 4)],
    ["nested parentheses", `[a](${"(".repeat(size)}`],
    ["ticks of growing length", Array.from({ length: 600 }, (_, i) => "`".repeat(i)).join(" ")],
    ["quotes", ">".repeat(size)],
    ["quotes with spaces", "> ".repeat(size / 2)],
    ["list marks", "- ".repeat(size / 2)],
    ["nested lists", Array.from({ length: 600 }, (_, i) => `${" ".repeat(2 * i)}- a`).join("\n")],
    ["pipes", "|".repeat(size)],
    ["table rules", "|-".repeat(size / 2)],
    ["lines of table rules", "a|b\n-|-\n".repeat(size / 8)],
    ["hashes", "#".repeat(size)],
    ["spaces", `# ${" ".repeat(size)}x`],
    ["dashes", `${"- ".repeat(size / 2)}x`],
    ["letters h", "http".repeat(size / 4)],
    ["links", "https://a ".repeat(size / 10)],
    ["numbers", "1".repeat(size)],
    ["blank lines", "\n".repeat(size)],
    ["lazy lines", `- a\n${"b\n".repeat(size / 2)}`],
  ])("reads %s in good time", (_, text) => {
    const before = performance.now();
    parseMarkdown(text);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
