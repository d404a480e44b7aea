use super::*;

fn detected(text: &str) -> Vec<Vec<String>> {
    text_table(text, ClipboardKind::Detect).unwrap()
}

fn html(text: &str) -> Vec<Vec<String>> {
    text_table(text, ClipboardKind::Html).unwrap()
}

#[test]
fn cells_of_a_spreadsheet_keep_their_line_breaks_and_quotes() {
    assert_eq!(
        detected("a\tb\r\n\"two\nlines\"\t\"say \"\"hi\"\"\"\r\n5\" pipe\t\"half\r\n"),
        [["a", "b"], ["two\nlines", "say \"hi\""], ["5\" pipe", "\"half"]]
    );
    assert_eq!(detected("a\tb\n\n1\t2\t3"), [["a", "b", ""], ["", "", ""], ["1", "2", "3"]]);
    assert_eq!(detected("one"), [["one"]]);
    assert_eq!(detected("a\t"), [["a", ""]], "an empty last cell is a cell");
    assert_eq!(detected(""), Vec::<Vec<String>>::new());
}

#[test]
fn the_separator_of_pasted_text_is_found() {
    assert_eq!(detected("a,b\n\"1,5\",2"), [["a", "b"], ["1,5", "2"]]);
    assert_eq!(detected("a;b\n1,5;2"), [["a", "b"], ["1,5", "2"]]);
    assert_eq!(detected("Hello, you\nSee you"), [["Hello, you"], ["See you"]]);
    assert_eq!(text_table("a,b\nc", ClipboardKind::Csv).unwrap(), [["a", "b"], ["c", ""]]);
}

#[test]
fn a_table_of_a_page_is_read_as_it_is_seen() {
    let page = "<html><head><style>td{x:y}</style></head><body><!--StartFragment--><p>before</p>\
        <table><caption>no cell</caption><colgroup><col></colgroup>\
        <tr><th>na&amp;me<th colspan=2>  two\n words </tr>\
        <tr><td rowspan=\"2\">a<br>b</td><td>1&nbsp;2</td><td><b>x</b><script>no()</script></td></tr>\
        <tr><td><p>p</p><p>q</p></td><td><table><tr><td>in</td></tr></table></td></tr></table>\
        <table><tr><td>second</td></tr></table>";
    let expected =
        [["na&me", "two words", "two words"], ["a\nb", "1 2", "x"], ["a\nb", "p\nq", "in"]];
    assert_eq!(html(page), expected);
    assert_eq!(detected(page), expected);
    assert!(text_table("<p>nothing</p>", ClipboardKind::Html).is_err());
}

#[test]
fn a_pasted_block_is_taken_from_the_text_unless_only_the_page_has_the_table() {
    let page = "<table><tr><td>a  b</td><td>c</td></tr></table>";
    assert_eq!(parse_clipboard("a  b\tc\n", Some(page)).unwrap(), [["a  b", "c"]]);
    assert_eq!(parse_clipboard("a  b c", Some(page)).unwrap(), [["a b", "c"]]);
    assert_eq!(parse_clipboard("x", Some("<p>x</p>")).unwrap(), [["x"]]);
    assert_eq!(parse_clipboard("a,b", None).unwrap(), [["a,b"]]);
}

#[test]
fn a_small_page_that_stands_for_very_many_cells_is_refused() {
    let cell = "<td colspan=1000 rowspan=60000>x</td>".repeat(100);
    let page = format!("<table>{}</table>", format!("<tr>{cell}</tr>").repeat(60));
    let error = text_table(&page, ClipboardKind::Html).unwrap_err();
    assert!(error.to_string().contains("more than 5000000 cells"), "{error}");
}

#[test]
fn what_is_written_as_csv_is_read_back() {
    let rows = vec![
        vec!["a,b".to_owned(), " x ".to_owned(), "\"q\"".to_owned()],
        vec!["two\r\nlines".to_owned(), String::new(), "'=1".to_owned()],
    ];
    assert_eq!(delimited::parse(&as_csv(&rows), Some(',')), rows);
}
