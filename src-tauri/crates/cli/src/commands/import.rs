//! `import`.

use braincells_core::{Value, render_value};
use braincells_workbench::{Dialect, ImportPreview, InputFile};
use indicatif::HumanCount;

use crate::args::ImportArgs;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::source::Source;
use crate::table::{Align, Table};
use crate::text::printable;

/// Makes a sheet of a file.
pub async fn import(session: &Session, arguments: &ImportArgs) -> Result<Ending, Failure> {
    let source = Source::open(session, &arguments.input).await?;
    let mut input = source.input();
    if let Some(rows) = arguments.preview {
        return preview(session, &input, rows).await;
    }
    input.name = arguments.name.clone().or(input.name);
    let info = session.unless_stopped(session.workbench.import(&input)).await?;
    session.progress.clear();
    session.output.result("import", &info)?;
    session.output.say(&[format!(
        "{}  {} ({} rows, {} columns)",
        info.id,
        printable(&info.name),
        HumanCount(info.row_count),
        info.column_count
    )])?;
    Ok(Ending::Complete)
}

/// Says what an import would find.
async fn preview(session: &Session, input: &InputFile, rows: u64) -> Result<Ending, Failure> {
    let preview = session.unless_stopped(session.workbench.preview_import(input, rows)).await?;
    session.progress.clear();
    session.output.result("import", &preview)?;
    let title = |at: usize| {
        let column = &preview.columns[at];
        let kind = column.sql_type.to_lowercase();
        let number = preview.rows.iter().any(|row| row[at].is_number());
        (format!("{} ({kind})", column.name), if number { Align::Right } else { Align::Left })
    };
    let mut table = Table::new((0..preview.columns.len()).map(title));
    for row in &preview.rows {
        table.push(row.iter().map(cell).collect());
    }
    session.output.say_table(&table, false)?;
    for line in facts(&preview) {
        session.output.notice(&line);
    }
    Ok(Ending::Complete)
}

fn cell(value: &Value) -> String {
    if value.is_null() { String::new() } else { render_value(value) }
}

/// How the file is read, in words.
fn facts(preview: &ImportPreview) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(Dialect { delimiter, quote, header, encoding }) = preview.dialect {
        let shown = |letter: Option<char>| match letter {
            None => "none".to_owned(),
            Some('\t') => "tab".to_owned(),
            Some(letter) => format!("`{}`", letter.escape_debug()),
        };
        facts.push(format!(
            "delimiter {}, quote {}, {}, {}",
            shown(delimiter),
            shown(quote),
            if header { "the first line is the header" } else { "no header" },
            encoding.as_str()
        ));
    }
    if let Some(table) = &preview.table {
        let all: Vec<String> = preview.tables.iter().map(|name| printable(name)).collect();
        facts.push(format!("sheet `{}` of: {}", printable(table), all.join(", ")));
    }
    facts.extend(preview.warnings.iter().map(|warning| format!("note: {warning}")));
    facts
}
