//! What a request in a batch file is called: `row-17-c3-1f0c9a2b-77aa01ff` is row 17 of column 3 of
//! the sheet whose id begins with `1f0c9a2b`, and the last part is what it asks, as a hash.

use std::fmt;

use braincells_core::{ColumnId, RowId, SheetId};
use braincells_llm::LLMRequest;
use sha2::{Digest, Sha256};

/// Characters of a sheet's id: enough to tell the sheets of one person apart. Providers take names
/// of 64 characters.
const SHEET_CHARS: usize = 8;

/// The column that requests are written for or answers are taken into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) sheet: SheetId,
    pub(super) column: ColumnId,
}

/// A request of one row, as a hash of what it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked(u32);

impl Asked {
    /// Of a request without its examples: a cell that a person approves makes another example, and
    /// that is no reason to throw away what was paid for.
    pub(super) fn of(request: &LLMRequest) -> Self {
        let asked = (&request.messages, &request.output, &request.model);
        let text = serde_json::to_vec(&asked).expect("a request has only text keys");
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(text));
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}", self.0)
    }
}

impl Place {
    pub(super) fn name_of(self, row: RowId, asked: Asked) -> String {
        let sheet: String = self.sheet.to_string().chars().take(SHEET_CHARS).collect();
        format!("row-{row}-c{}-{sheet}-{asked}", self.column)
    }

    /// The row that a name means, and what was asked; `None` if it is of another column or sheet.
    pub(super) fn asked_as(self, name: &str) -> Option<(RowId, Asked)> {
        let (row, _) = name.strip_prefix("row-")?.split_once('-')?;
        let (_, hash) = name.rsplit_once('-')?;
        let row = row.parse().ok().map(RowId)?;
        let asked = u32::from_str_radix(hash, 16).ok().map(Asked)?;
        // One row of one column has one name.
        (self.name_of(row, asked) == name).then_some((row, asked))
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::Output;
    use braincells_llm::{Message, Role};

    use super::*;

    #[test]
    fn a_request_has_one_name_and_it_is_of_one_column() {
        let sheet: SheetId = "1f0c9a2b-5d0e-4b7e-9f55-0123456789ab".parse().unwrap();
        let other: SheetId = "2f0c9a2b-5d0e-4b7e-9f55-0123456789ab".parse().unwrap();
        let place = Place { sheet, column: ColumnId(3) };
        let (row, asked) = (RowId(17), Asked(0x00aa_01ff));
        let name = place.name_of(row, asked);
        assert_eq!(name, "row-17-c3-1f0c9a2b-00aa01ff");
        assert_eq!(place.asked_as(&name), Some((row, asked)));
        assert_eq!(Place { column: ColumnId(4), ..place }.asked_as(&name), None);
        assert_eq!(Place { sheet: other, ..place }.asked_as(&name), None);
        for bad in [
            "row-17",
            "row-17-c3-1f0c9a2b",
            "row-017-c3-1f0c9a2b-00aa01ff",
            "row-+17-c3-1f0c9a2b-00aa01ff",
            "row-17-c3-1f0c9a2b-aa01ff",
            "row-17-c3-1f0c9a2b-00AA01FF",
            "row-17-c3-1f0c9a2b-00aa01ff ",
            "row--c3-1f0c9a2b-00aa01ff",
            "Row-17-c3-1f0c9a2b-00aa01ff",
            "row-",
            "",
        ] {
            assert_eq!(place.asked_as(bad), None, "{bad}");
        }
        let longest = Place { column: ColumnId(i64::MAX), ..place }.name_of(RowId(i64::MAX), asked);
        assert!(longest.len() <= 64, "{longest}");
    }

    #[test]
    fn what_is_asked_is_told_by_its_words_its_output_and_its_model() {
        let request =
            |model: &str, text: &str| LLMRequest::new(model, vec![Message::new(Role::User, text)]);
        let asked = Asked::of(&request("openai:m", "a"));
        assert_eq!(Asked::of(&request("openai:m", "a")), asked);
        assert_ne!(Asked::of(&request("openai:m", "b")), asked);
        assert_ne!(Asked::of(&request("openai:n", "a")), asked);
        let dated = LLMRequest { output: Output::Date, ..request("openai:m", "a") };
        assert_ne!(Asked::of(&dated), asked);
    }
}
