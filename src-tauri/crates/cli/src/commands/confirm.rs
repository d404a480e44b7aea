//! A yes before something is done that cannot be taken back.

use std::io::{self, IsTerminal, Write};

use braincells_core::{AppError, Code};

use crate::failure::Failure;
use crate::session::Session;

/// What to ask.
pub struct Question<'a> {
    /// What it is about, a line each.
    pub lines: &'a str,
    /// The question, without what can be answered.
    pub asks: &'a str,
    /// The error where there is nobody to ask.
    pub nobody: &'a str,
    /// The error after a no.
    pub no: &'a str,
    /// The hint of both.
    pub hint: &'a str,
}

/// Asks on the terminal; an error without a yes.
pub async fn confirm(session: &Session, asked: &Question<'_>) -> Result<(), Failure> {
    let refused =
        |message: &str| Failure::from(AppError::new(Code::BadInput, message).with_hint(asked.hint));
    if !io::stdin().is_terminal() || session.output.manner().json {
        return Err(refused(asked.nobody));
    }
    session.output.write_stderr(&crate::text::printable_lines(asked.lines));
    session.output.write_stderr(&format!("{} [y/N] ", asked.asks));
    let answer = session
        .unless_stopped(async {
            let ask = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                io::stderr().flush().and_then(|()| io::stdin().read_line(&mut line)).map(|_| line)
            });
            Ok(ask.await.ok().and_then(Result::ok).unwrap_or_default())
        })
        .await?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(refused(asked.no)),
    }
}
