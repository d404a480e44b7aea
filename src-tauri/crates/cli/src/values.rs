//! Values that need more than a number or a word: output types, formats, lists of columns.

use braincells_core::{DataType, NumberLimits, Output, SplitProperty, Value};
use braincells_workbench::{Encoding, Format, Quantisation, Quote};

/// A file format as clap carries it.
pub type FileFormat = Format;

/// Names of columns. A type of its own, because clap would take a `Vec` for a repeated option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnList(pub Vec<String>);

/// `text`, `number`, `integer:1..5`, `boolean`, `date`, `label:a,b,c`, `labels:a,b,c` or
/// `json:SCHEMA`, where the schema is a file or JSON itself.
pub fn output_type(text: &str) -> Result<Output, String> {
    let (word, more) = match text.split_once(':') {
        Some((word, more)) => (word.trim(), Some(more)),
        None => (text.trim(), None),
    };
    match (word, more) {
        ("text", None) => Ok(Output::Text),
        ("number" | "integer", more) => number_type(word == "integer", more.unwrap_or("..")),
        ("boolean", None) => Ok(Output::Boolean),
        ("date", None) => Ok(Output::Date),
        ("label", Some(labels)) => Ok(Output::Label { labels: label_set(labels)? }),
        ("labels", Some(labels)) => Ok(Output::Labels { labels: label_set(labels)? }),
        ("label" | "labels", None) => Err(format!("labels are missing, as in `{word}:yes,no`")),
        ("json", Some(schema)) => Ok(Output::Json { schema: json_schema(schema)? }),
        ("json", None) => Err("a JSON Schema is missing, as in `json:schema.json`".to_owned()),
        ("text" | "boolean" | "date", Some(_)) => Err(format!("`{word}` takes nothing after `:`")),
        _ => Err("known types are text, number, integer, boolean, date, label:a,b,c, \
                  labels:a,b,c and json:SCHEMA"
            .to_owned()),
    }
}

/// `least..greatest`, where either may be missing.
fn number_type(integer: bool, text: &str) -> Result<Output, String> {
    let (min, max) = text
        .split_once("..")
        .ok_or("a range is written like `0..10`, `0..` or `..10`".to_owned())?;
    let end = |text: &str| match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_not_one| format!("`{text}` is not a number")),
    };
    Ok(Output::Number(NumberLimits { integer, min: end(min)?, max: end(max)? }))
}

fn json_schema(text: &str) -> Result<Value, String> {
    let from_file = !text.trim_start().starts_with('{');
    let read = if from_file { std::fs::read_to_string(text.trim()) } else { Ok(text.to_owned()) };
    let schema = read.map_err(|error| format!("`{text}` cannot be read: {error}"))?;
    serde_json::from_str(&schema).map_err(|error| format!("the schema is not JSON: {error}"))
}

fn label_set(text: &str) -> Result<Vec<String>, String> {
    let labels = comma_separated(text)?;
    if labels.len() < 2 {
        return Err("at least two labels are needed, as in `label:yes,no`".to_owned());
    }
    for (index, label) in labels.iter().enumerate() {
        if labels[..index].contains(label) {
            return Err(format!("label `{label}` is there twice"));
        }
    }
    Ok(labels)
}

/// Names separated by commas; quoted as in CSV where a name has a comma itself.
pub fn column_list(text: &str) -> Result<ColumnList, String> {
    comma_separated(text).map(ColumnList)
}

/// `name=other`; the first name is quoted as in CSV where it has a `=` itself.
pub fn name_pair(text: &str) -> Result<(String, String), String> {
    let shape = || "it has the shape RECIPE=TABLE, such as `text=review`".to_owned();
    let (name, rest) = if let Some(quoted) = text.strip_prefix('"') {
        quoted_text(quoted)?
    } else {
        let end = text.find('=').ok_or_else(shape)?;
        (text[..end].to_owned(), &text[end..])
    };
    let (name, other) =
        (name.trim(), rest.trim_start().strip_prefix('=').ok_or_else(shape)?.trim());
    if name.is_empty() || other.is_empty() {
        return Err(shape());
    }
    Ok((name.to_owned(), other.to_owned()))
}

/// One line of CSV: `a, "b, c", d`. Blanks around an item do not count, empty items are refused.
fn comma_separated(text: &str) -> Result<Vec<String>, String> {
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        let (item, after) = if let Some(quoted) = rest.trim_start().strip_prefix('"') {
            quoted_item(quoted)?
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            (rest[..end].trim().to_owned(), &rest[end..])
        };
        if item.is_empty() {
            return Err("there is an empty item in the list".to_owned());
        }
        items.push(item);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(items),
        }
    }
}

/// The item behind an opening quote, and what follows its closing quote.
fn quoted_item(text: &str) -> Result<(String, &str), String> {
    let (item, after) = quoted_text(text)?;
    let after = after.trim_start();
    if after.is_empty() || after.starts_with(',') {
        return Ok((item.trim().to_owned(), after));
    }
    Err("there is text after a closing quote".to_owned())
}

/// The text behind an opening quote, and what follows its closing quote.
fn quoted_text(text: &str) -> Result<(String, &str), String> {
    let mut item = String::new();
    let mut rest = text;
    loop {
        let Some(end) = rest.find('"') else {
            return Err("a quote is not closed".to_owned());
        };
        item.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if let Some(doubled) = rest.strip_prefix('"') {
            item.push('"');
            rest = doubled;
            continue;
        }
        return Ok((item, rest));
    }
}

/// A format that can be read.
pub fn input_format(text: &str) -> Result<FileFormat, String> {
    Format::parse(text).ok_or_else(|| format!("known formats are {}", words(|_| true)))
}

/// A format that can be written.
pub fn output_format(text: &str) -> Result<FileFormat, String> {
    Format::parse(text)
        .filter(|format| is_written(*format))
        .ok_or_else(|| format!("formats that can be written are {}", output_words()))
}

/// The words of the formats that can be written.
pub fn output_words() -> String {
    words(is_written)
}

/// A table as one JSON document is read, but its lines are written.
fn is_written(format: Format) -> bool {
    format.is_written() && format != Format::Json
}

fn words(wanted: impl Fn(Format) -> bool) -> String {
    let formats = Format::ALL.into_iter().filter(|format| wanted(*format));
    let words: Vec<&str> = formats.map(Format::extension).collect();
    words.join(", ")
}

/// One character, or its name where a shell makes it hard to type.
pub fn character(text: &str) -> Result<char, String> {
    let named = match text.to_lowercase().as_str() {
        "tab" | "\\t" => Some('\t'),
        "comma" => Some(','),
        "semicolon" => Some(';'),
        "pipe" | "bar" => Some('|'),
        "space" => Some(' '),
        _ => None,
    };
    let mut letters = text.chars();
    match (named, letters.next(), letters.next()) {
        (Some(named), ..) => Ok(named),
        (None, Some(letter), None) => Ok(letter),
        _ => Err("one character is needed, or tab, comma, semicolon, pipe or space".to_owned()),
    }
}

/// A character that encloses values, or `none`.
pub fn quote(text: &str) -> Result<Quote, String> {
    if text.is_empty() || text.eq_ignore_ascii_case("none") {
        return Ok(Quote::None);
    }
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(Quote::Character(letter)),
        _ => Err("one character is needed, or none".to_owned()),
    }
}

/// How characters are written as bytes.
pub fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::parse(text).ok_or_else(|| "known encodings are utf-8, utf-16 and latin-1".to_owned())
}

/// `NAME=TYPE`; the name may hold `=` itself.
pub fn column_type(text: &str) -> Result<(String, DataType), String> {
    let types = || {
        let words: Vec<&str> = DataType::ALL.into_iter().map(DataType::as_str).collect();
        format!("known types are {}", words.join(", "))
    };
    let (name, word) =
        text.rsplit_once('=').ok_or_else(|| format!("it must be NAME=TYPE; {}", types()))?;
    let word = DataType::parse(&word.trim().to_ascii_lowercase()).ok_or_else(types)?;
    Ok((name.to_owned(), word))
}

/// 0 to 10.
pub fn temperature(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(number) if (0.0..=10.0).contains(&number) => Ok(number),
        _ => Err("a temperature is a number from 0 to 10".to_owned()),
    }
}

/// Above 0, at most 1.
pub fn probability(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(number) if number > 0.0 && number <= 1.0 => Ok(number),
        _ => Err("a probability is a number above 0 and at most 1".to_owned()),
    }
}

/// US dollars such as `0.50` or `$2`, as millionths.
pub fn micro_usd(text: &str) -> Result<u64, String> {
    let wrong = || "money is written like `0.50` or `$2`, with at most 6 decimals".to_owned();
    let number = text.trim();
    let number = number.strip_prefix('$').unwrap_or(number).trim();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || part.len() > 6 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let whole: u64 =
        if whole.is_empty() { 0 } else { whole.parse().map_err(|_too_large| wrong())? };
    let part: u64 = format!("{part:0<6}").parse().map_err(|_too_large| wrong())?;
    match whole.checked_mul(1_000_000).and_then(|whole| whole.checked_add(part)) {
        Some(0) => Err("a cap of nothing lets nothing be asked; give more than 0".to_owned()),
        Some(money) => Ok(money),
        None => Err(wrong()),
    }
}

/// A stop text: `\n`, `\t` and `\\` stand for a line break, a tab and a backslash.
pub fn stop_text(text: &str) -> Result<String, String> {
    let mut stop = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            stop.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => stop.push('\n'),
            Some('t') => stop.push('\t'),
            Some('\\') => stop.push('\\'),
            _ => return Err(r"after `\` only n, t and \ are known".to_owned()),
        }
    }
    if stop.is_empty() { Err("a stop text cannot be empty".to_owned()) } else { Ok(stop) }
}

/// Positions of rows, both included, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRange {
    /// The first.
    pub first: u64,
    /// The last, not before the first.
    pub last: u64,
}

/// `3` or `10-20`.
pub fn row_range(text: &str) -> Result<RowRange, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first >= 1 && last >= first => Ok(RowRange { first, last }),
        _ => Err("give a position from 1 on, or a range such as `10-20`".to_owned()),
    }
}

/// The word for a type of data.
pub fn data_type(text: &str) -> Result<DataType, String> {
    DataType::parse(text).ok_or_else(|| {
        let words: Vec<&str> = DataType::ALL.iter().map(|known| known.as_str()).collect();
        format!("the types are {}", words.join(", "))
    })
}

/// The name of a quantisation that a copy of a model can have.
pub fn quantisation(text: &str) -> Result<Quantisation, String> {
    Quantisation::parse(text).ok_or_else(|| {
        let words: Vec<&str> = Quantisation::ALL.iter().map(|known| known.as_str()).collect();
        format!("the quantisations are {}", words.join(", "))
    })
}

/// A property of JSON objects, with a type behind `:` and a name for its column behind `=`:
/// `city`, `age:integer`, `zip:text=postcode`. What is no type belongs to the property.
#[expect(clippy::unnecessary_wraps, reason = "what clap calls may fail")]
pub fn split_property(text: &str) -> Result<SplitProperty, String> {
    let (left, name) = match text.rsplit_once('=') {
        Some((left, name)) if !left.is_empty() && !name.trim().is_empty() => {
            (left, Some(name.trim().to_owned()))
        }
        _ => (text, None),
    };
    let (property, data_type) = match left.rsplit_once(':') {
        Some((property, word)) => match DataType::parse(word) {
            Some(data_type) => (property, Some(data_type)),
            None => (left, None),
        },
        None => (left, None),
    };
    Ok(SplitProperty { property: property.to_owned(), name, data_type })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        for (text, expected) in [
            ("0.50", 500_000),
            ("$2", 2_000_000),
            (" $ 1.5 ", 1_500_000),
            (".25", 250_000),
            ("3.", 3_000_000),
            ("0.000001", 1),
            ("1000000", 1_000_000_000_000),
        ] {
            assert_eq!(micro_usd(text), Ok(expected), "{text}");
        }
        for text in
            ["", "$", ".", "0", "0.00", "-1", "1,50", "1e3", "1.0000001", "2 USD", "+1", "nan"]
        {
            assert!(micro_usd(text).is_err(), "{text}");
        }
        assert!(micro_usd("18446744073709551615").is_err());
    }

    #[test]
    fn a_property_may_have_a_type_and_a_name_of_its_own() {
        for (text, property, data_type, name) in [
            ("city", "city", None, None),
            ("age:integer", "age", Some(DataType::Integer), None),
            ("zip:text=postcode", "zip", Some(DataType::Text), Some("postcode")),
            ("zip=post code", "zip", None, Some("post code")),
            ("a:b", "a:b", None, None),
            ("a:b:json", "a:b", Some(DataType::Json), None),
            ("=", "=", None, None),
        ] {
            let name = name.map(str::to_owned);
            let expected = SplitProperty { property: property.to_owned(), name, data_type };
            assert_eq!(split_property(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_quantisation_is_called_by_its_name() {
        assert_eq!(quantisation("q8_0"), Ok(Quantisation::Q8_0));
        assert!(quantisation("Q9").unwrap_err().contains("Q4_K_S"));
    }

    fn labels(text: &str) -> Vec<String> {
        match output_type(text).unwrap() {
            Output::Label { labels } => labels,
            other => panic!("{text} gave {other:?}"),
        }
    }

    #[test]
    fn labels_may_hold_commas_quotes_colons_and_any_script() {
        assert_eq!(labels("label:yes,no"), ["yes", "no"]);
        assert_eq!(labels("label: yes , no "), ["yes", "no"]);
        assert_eq!(labels(r#"label:"a, b",c"#), ["a, b", "c"]);
        assert_eq!(labels(r#"label:"say ""hi""" , b"#), [r#"say "hi""#, "b"]);
        assert_eq!(labels("label:5:1,10:1"), ["5:1", "10:1"]);
        assert_eq!(labels("label:ja,nein,vielleicht,さあ"), ["ja", "nein", "vielleicht", "さあ"]);
    }

    #[test]
    fn a_pair_of_names_may_hold_equals_signs_and_quotes() {
        let pair = |one: &str, other: &str| Ok((one.to_owned(), other.to_owned()));
        assert_eq!(name_pair("text=review"), pair("text", "review"));
        assert_eq!(name_pair(" text = a=b "), pair("text", "a=b"));
        assert_eq!(name_pair(r#""a=b" = "c""#), pair("a=b", "\"c\""));
        assert_eq!(name_pair(r#""a ""b"""=c"#), pair("a \"b\"", "c"));
        for text in ["", "text", "=x", "x=", "\"a=b", "\"a\"b=c"] {
            assert!(name_pair(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unusable_types_say_what_is_wrong() {
        for (text, reason) in [
            ("label", "labels are missing"),
            ("label:", "empty item"),
            ("label:a", "at least two"),
            ("label:a,,b", "empty item"),
            ("label:a,b,", "empty item"),
            ("label:a,b,a", "twice"),
            (r#"label:"a,b"#, "not closed"),
            (r#"label:"a"b,c"#, "after a closing quote"),
            ("number:3", "a range is written like"),
            ("integer:a..", "`a` is not a number"),
            ("boolean:yes", "takes nothing"),
            ("json:", "cannot be read"),
            ("float", "known types"),
            ("", "known types"),
        ] {
            let message = output_type(text).unwrap_err();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        for text in ["-0.1", "10.5", "nan", "inf", "warm", ""] {
            assert!(temperature(text).is_err(), "{text}");
        }
        for text in ["0", "1.01", "nan", "-1"] {
            assert!(probability(text).is_err(), "{text}");
        }
        assert_eq!(temperature("0.7"), Ok(0.7));
        assert_eq!(probability("1"), Ok(1.0));
    }

    #[test]
    fn stop_texts_know_line_breaks() {
        assert_eq!(stop_text(r"\n\n"), Ok("\n\n".to_owned()));
        assert_eq!(stop_text(r"a\\n"), Ok(r"a\n".to_owned()));
        assert!(stop_text(r"a\x").is_err());
        assert!(stop_text("").is_err());
    }

    #[test]
    fn json_is_read_and_not_written() {
        assert_eq!(input_format("JSON"), Ok(Format::Json));
        assert!(output_format("json").is_err());
        assert_eq!(output_format("XLSX"), Ok(Format::Xlsx));
        assert!(output_format("ods").is_err() && input_format("ods").is_ok());
        assert!(input_format("xml").unwrap_err().contains("csv, tsv, jsonl, json, parquet"));
    }

    #[test]
    fn separators_and_types_can_be_typed() {
        assert_eq!(character("tab"), Ok('\t'));
        assert_eq!(character(r"\t"), Ok('\t'));
        assert_eq!(character(";"), Ok(';'));
        assert!(character(";;").is_err() && character("").is_err());
        assert_eq!(quote("none"), Ok(Quote::None));
        assert_eq!(quote("'"), Ok(Quote::Character('\'')));
        assert_eq!(encoding("ISO-8859-1"), Ok(Encoding::Latin1));
        assert!(encoding("klingon").is_err());
        assert_eq!(column_type("a=b=Number"), Ok(("a=b".to_owned(), DataType::Number)));
        assert!(column_type("a").unwrap_err().contains("NAME=TYPE"));
        assert!(column_type("a=float").unwrap_err().contains("known types"));
    }
}
