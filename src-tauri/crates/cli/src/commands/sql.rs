//! `sql`.

use std::io::Read;
use std::time::Duration;

use braincells_core::{AppError, Code, SqlLimits, Value};
use indicatif::HumanCount;

use crate::args::SqlArgs;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// The longest query that is read from stdin, in bytes.
const LONGEST_QUERY: u64 = 1 << 20;

/// Asks a sheet a question in SQL.
pub async fn sql(session: &Session, arguments: &SqlArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let query = match arguments.query.as_str() {
        "-" => session.unless_stopped(from_stdin()).await?,
        query => query.to_owned(),
    };
    let timeout = arguments.timeout.map(Duration::from_secs);
    if let Some(name) = &arguments.to_sheet {
        let made = session.workbench.sql_to_sheet(sheet, &query, name, timeout);
        let made = session.unless_stopped(made).await?;
        session.output.result("sql", &serde_json::json!({ "sheet": made }))?;
        let (rows, columns) = (HumanCount(made.row_count), made.column_count);
        let line = format!("{}  {} ({rows} rows, {columns} columns)", made.id, made.name);
        session.output.say(&[line])?;
        return Ok(Ending::Complete);
    }
    let limits = SqlLimits { rows: arguments.rows, ..SqlLimits::default() };
    let found = session.workbench.sql(sheet, &query, limits, timeout);
    let found = session.unless_stopped(found).await?;
    session.output.result("sql", &found)?;
    let numeric = |index: usize| {
        found.rows.iter().all(|row| matches!(row[index], Value::Number(_) | Value::Null))
    };
    let titles = found.columns.iter().enumerate().map(|(index, column)| {
        (column.name.clone(), if numeric(index) { Align::Right } else { Align::Left })
    });
    let mut table = Table::new(titles);
    for row in &found.rows {
        table.push(row.iter().map(cell_text).collect());
    }
    session.output.say_table(&table, arguments.full)?;
    if found.truncated {
        let rows = HumanCount(found.rows.len() as u64);
        session.output.notice(&format!("only the first {rows} rows; `--rows` prints more"));
    }
    Ok(Ending::Complete)
}

fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn from_stdin() -> Result<String, AppError> {
    let read = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        std::io::stdin().take(LONGEST_QUERY).read_to_string(&mut text).map(|_| text)
    });
    match read.await {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => {
            Err(AppError::new(Code::BadInput, format!("the query cannot be read: {error}")))
        }
        Err(error) => Err(AppError::new(Code::Internal, error.to_string())),
    }
}
