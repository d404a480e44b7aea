//! Rows of values as text, in each format. Pure.

use braincells_core::Value;
use serde_json::Map;

use super::{CopiedCells, CopyFormat};

/// Writes a table row by row.
pub(super) struct Writer<'a> {
    format: CopyFormat,
    names: &'a [&'a str],
    text: String,
    html: Option<Page>,
    rows: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(format: CopyFormat, names: &'a [&'a str], header: bool) -> Self {
        let html = matches!(format, CopyFormat::Tsv | CopyFormat::Html).then(Page::new);
        let mut writer = Self { format, names, text: String::new(), html, rows: 0 };
        let blank = vec![""; names.len()];
        match format {
            CopyFormat::Json => writer.text.push('['),
            CopyFormat::Markdown => {
                writer.markdown(if header { names } else { &blank });
                writer.text.push_str("\n|");
                writer.text.extend(names.iter().map(|_| " --- |"));
            }
            _ if header => {
                writer.line(names.iter().copied());
                if let Some(page) = &mut writer.html {
                    page.row("th", names.iter().map(|name| (*name, true)));
                }
            }
            _ => {}
        }
        writer
    }

    pub(super) fn row(&mut self, values: &[Value]) {
        let texts: Vec<String> = values.iter().map(plain).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        match self.format {
            CopyFormat::Json => {
                let names = self.names.iter().map(|name| (*name).to_owned());
                let object: Map<String, Value> = names.zip(values.iter().cloned()).collect();
                self.text.push_str(if self.rows == 0 { "\n" } else { ",\n" });
                self.text.push_str(&Value::Object(object).to_string());
            }
            CopyFormat::Markdown => {
                self.text.push('\n');
                self.markdown(&texts);
            }
            CopyFormat::Html => {}
            CopyFormat::Tsv | CopyFormat::Csv => self.line(texts.iter().copied()),
        }
        if let Some(page) = &mut self.html {
            page.row("td", texts.iter().copied().zip(values.iter().map(Value::is_string)));
        }
        self.rows += 1;
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.text.len() + self.html.as_ref().map_or(0, |page| page.text.len())
    }

    pub(super) fn finish(self) -> CopiedCells {
        let Self { format, names, mut text, html, rows } = self;
        let html = html.map(Page::finish);
        match format {
            CopyFormat::Json => text.push_str(if rows == 0 { "]" } else { "\n]" }),
            // The last line has no end, so that one cell is its text and nothing else. A line with
            // nothing in it would be no line then.
            CopyFormat::Tsv | CopyFormat::Csv => {
                let is_blank = text.strip_suffix('\n').is_some_and(|before| {
                    names.len() == 1 && (before.is_empty() || before.ends_with('\n'))
                });
                if !is_blank && text.ends_with('\n') {
                    text.pop();
                }
            }
            CopyFormat::Html => html.as_deref().unwrap_or_default().clone_into(&mut text),
            CopyFormat::Markdown => {}
        }
        CopiedCells { text, html, cells: rows * names.len() as u64 }
    }

    /// A line of values that RFC 4180 encloses where they need it.
    fn line<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        if !matches!(self.format, CopyFormat::Tsv | CopyFormat::Csv) {
            return;
        }
        let separator = if self.format == CopyFormat::Tsv { '\t' } else { ',' };
        for (index, text) in texts.enumerate() {
            if index > 0 {
                self.text.push(separator);
            }
            if needs_quotes(text, self.format) {
                self.text.extend(["\"", &text.replace('"', "\"\""), "\""]);
            } else {
                self.text.push_str(text);
            }
        }
        self.text.push('\n');
    }

    fn markdown(&mut self, texts: &[&str]) {
        self.text.push('|');
        for text in texts {
            self.text.push(' ');
            push_markdown(&mut self.text, text);
            self.text.push_str(" |");
        }
    }
}

/// A value as one text: as a prompt has it, but lists and objects on one line.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn needs_quotes(text: &str, format: CopyFormat) -> bool {
    let special = |letter| match format {
        CopyFormat::Tsv => matches!(letter, '\t' | '"' | '\r' | '\n'),
        // Also what a reader may take for the separator, or cut off.
        _ => matches!(letter, ',' | ';' | '|' | '\t' | '"' | '\r' | '\n' | '\u{feff}'),
    };
    let has_outer_blanks = format == CopyFormat::Csv && text.trim() != text;
    has_outer_blanks || text.contains(special)
}

/// Text that Markdown shows as it is, on one line.
fn push_markdown(out: &mut String, text: &str) {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' | '\n' => {
                if letter == '\r' {
                    letters.next_if_eq(&'\n');
                }
                out.push_str("<br>");
            }
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '&' => {
                out.extend(['\\', letter]);
            }
            letter => out.push(letter),
        }
    }
}

/// A page with one table.
struct Page {
    text: String,
}

impl Page {
    fn new() -> Self {
        Self { text: "<meta charset=\"utf-8\"><table>".to_owned() }
    }

    /// Cells, each with whether it is text: a spreadsheet is told so, and neither runs it as a
    /// formula nor makes a number of it.
    fn row<'t>(&mut self, element: &str, cells: impl Iterator<Item = (&'t str, bool)>) {
        self.text.push_str("<tr>");
        for (text, is_text) in cells {
            let style = if is_text { " style=\"mso-number-format:'\\@'\"" } else { "" };
            self.text.extend(["<", element, style, ">"]);
            push_html(&mut self.text, text);
            self.text.extend(["</", element, ">"]);
        }
        self.text.push_str("</tr>");
    }

    fn finish(mut self) -> String {
        self.text.push_str("</table>");
        self.text
    }
}

/// Text that a page shows as it is.
fn push_html(out: &mut String, text: &str) {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' | '\n' => {
                if letter == '\r' {
                    letters.next_if_eq(&'\n');
                }
                // A spreadsheet would begin another cell otherwise.
                out.push_str("<br style=\"mso-data-placement:same-cell\">");
            }
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use braincells_data::{ClipboardKind, parse_clipboard, text_table};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(
        format: CopyFormat,
        names: &[&str],
        header: bool,
        rows: &[Vec<Value>],
    ) -> CopiedCells {
        let mut writer = Writer::new(format, names, header);
        for row in rows {
            writer.row(row);
        }
        writer.finish()
    }

    const NAMES: [&str; 2] = ["a|b", "<i>"];

    fn hostile() -> Vec<Vec<Value>> {
        vec![
            vec![json!("two\r\nlines\n"), json!(-1.5)],
            vec![json!("<script>alert('x')</script>&amp;"), json!(null)],
            vec![json!("=1+2\t\"x\"| \\|"), json!({"k": ["`v`", true]})],
        ]
    }

    #[test]
    fn each_format_shows_hostile_cells_as_they_are() {
        let tsv = written(CopyFormat::Tsv, &NAMES, true, &hostile());
        assert_eq!(
            tsv.text,
            "a|b\t<i>\n\"two\r\nlines\n\"\t-1.5\n<script>alert('x')</script>&amp;\t\n\
             \"=1+2\t\"\"x\"\"| \\|\"\t\"{\"\"k\"\":[\"\"`v`\"\",true]}\""
        );
        assert_eq!(tsv.cells, 6);
        let csv = written(CopyFormat::Csv, &NAMES, false, &hostile()[..1]);
        assert_eq!((csv.text.as_str(), csv.html), ("\"two\r\nlines\n\",-1.5", None));
        let text = " style=\"mso-number-format:'\\@'\"";
        let line = "<br style=\"mso-data-placement:same-cell\">";
        let html = written(CopyFormat::Html, &NAMES, true, &hostile()[..2]);
        assert_eq!(
            html.text,
            format!(
                "<meta charset=\"utf-8\"><table><tr><th{text}>a|b</th><th{text}>&lt;i&gt;</th></tr>\
                 <tr><td{text}>two{line}lines{line}</td><td>-1.5</td></tr>\
                 <tr><td{text}>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;</td><td></td></tr>\
                 </table>"
            )
        );
        assert_eq!(html.html.as_ref(), Some(&html.text));
        let markdown = written(CopyFormat::Markdown, &NAMES, true, &hostile());
        assert_eq!(
            markdown.text,
            "| a\\|b | \\<i\\> |\n| --- | --- |\n| two<br>lines<br> | -1.5 |\n\
             | \\<script\\>alert('x')\\</script\\>\\&amp; |  |\n\
             | =1+2\t\"x\"\\| \\\\\\| | {\"k\":\\[\"\\`v\\`\",true\\]} |"
        );
        let nameless = written(CopyFormat::Markdown, &NAMES, false, &[]);
        assert_eq!(nameless.text, "|  |  |\n| --- | --- |");
        let json = written(CopyFormat::Json, &NAMES, false, &hostile());
        let read: Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!(read[2], json!({"a|b": "=1+2\t\"x\"| \\|", "<i>": {"k": ["`v`", true]}}));
        assert_eq!(json.text.lines().count(), 5);
        assert_eq!(written(CopyFormat::Json, &NAMES, true, &[]).text, "[]");
    }

    #[test]
    fn one_cell_is_its_text_and_an_empty_last_line_is_a_line() {
        let one = |value| written(CopyFormat::Tsv, &["a"], false, &[vec![value]]).text;
        assert_eq!(one(json!("plain text")), "plain text");
        assert_eq!(one(json!(null)), "\n");
        let column = [vec![json!("x")], vec![json!(null)]];
        assert_eq!(written(CopyFormat::Tsv, &["a"], false, &column).text, "x\n\n");
        assert_eq!(written(CopyFormat::Tsv, &[], false, &[]).text, "");
    }

    proptest! {
        #[test]
        fn what_is_copied_is_what_is_pasted(
            rows in prop::collection::vec(prop::collection::vec("[a\\t\\n\\r\",;| '=<&é]{0,4}", 3), 1..5)
        ) {
            let values: Vec<Vec<Value>> = rows
                .iter()
                .map(|row| row.iter().map(|text| Value::from(text.as_str())).collect())
                .collect();
            let names = ["a", "b", "c"];
            let tsv = written(CopyFormat::Tsv, &names, false, &values);
            prop_assert_eq!(&parse_clipboard(&tsv.text, None).unwrap(), &rows);
            prop_assert_eq!(&parse_clipboard(&tsv.text, tsv.html.as_deref()).unwrap(), &rows);
            let csv = written(CopyFormat::Csv, &names, false, &values);
            prop_assert_eq!(&text_table(&csv.text, ClipboardKind::Csv).unwrap(), &rows);
            let column: Vec<Vec<String>> = rows.iter().map(|row| row[..1].to_vec()).collect();
            let values: Vec<Vec<Value>> = values.into_iter().map(|row| row[..1].to_vec()).collect();
            let tsv = written(CopyFormat::Tsv, &names[..1], false, &values);
            prop_assert_eq!(&parse_clipboard(&tsv.text, None).unwrap(), &column);
        }
    }
}
