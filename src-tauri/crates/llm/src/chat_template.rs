//! Turns a chat into the text a model was trained on, with template and contents kept apart.
//!
//! The llama engine calls this for each request. A chat template is a program inside a model
//! file; it runs in a sandbox (see `sandbox`) and never sees what messages say: it is rendered
//! with a placeholder for each content, and the contents are put back afterwards as segments
//! of their own. So a cell can hold `<|im_end|>` and stay data, and a template cannot read,
//! cut or change a cell.
//!
//! What it leaves out: tokens. The tokenizer turns template text into control tokens and
//! content into plain ones; whether it adds the model's first token itself is its matter, too.

use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{Value, context};

use crate::{LLMError, Message, Role};

use layout::{Layout, Piece};

mod budget;
mod filters;
mod layout;
mod operators;
mod plain;
mod program;
mod sandbox;

/// A piece of a rendered chat.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// The text; never empty.
    pub text: String,
    /// Whether it is what a message says. If so, nothing in it may become a control token.
    pub is_data: bool,
}

/// How a model wants chats written.
#[derive(Debug)]
pub struct ChatTemplate {
    form: Form,
    stop_sequences: Vec<String>,
    /// The layout of the last chat: the rows of a run all have the same roles.
    last: Mutex<Option<(Vec<Role>, Arc<Layout>)>>,
}

#[derive(Debug)]
enum Form {
    Plain,
    Jinja { source: String, bos: String, eos: String, now_ms: Option<i64> },
}

impl ChatTemplate {
    /// The template of a model file, with the texts of its first and last token.
    ///
    /// Fails if the source is larger than 64 KiB or no template at all; whether it can write
    /// chats shows when it renders one.
    pub fn from_source(source: &str, bos: &str, eos: &str) -> Result<Self, LLMError> {
        if source.len() > sandbox::MAX_SOURCE_BYTES {
            return Err(failed(format!(
                "it has {} bytes, and {} is the most",
                source.len(),
                sandbox::MAX_SOURCE_BYTES
            )));
        }
        let source = layout::without_training_marks(source);
        sandbox::check(&source).map_err(failed)?;
        let form = Form::Jinja { source, bos: bos.to_owned(), eos: eos.to_owned(), now_ms: None };
        Ok(Self { form, stop_sequences: Vec::new(), last: Mutex::default() })
    }

    /// For models without a template: a section with a heading for each message. Ends with a
    /// newline, so that an answer begins without a space.
    pub fn plain() -> Self {
        Self { form: Form::Plain, stop_sequences: plain::stop_sequences(), last: Mutex::default() }
    }

    /// Sets what templates that write today's date take for now, in Unix milliseconds, UTC.
    ///
    /// Without it there is no date: templates that can do without one write their default, so
    /// that the same chat is the same prompt on every day; others fail.
    #[must_use]
    pub fn with_now_ms(mut self, unix_ms: i64) -> Self {
        if let Form::Jinja { now_ms, .. } = &mut self.form {
            *now_ms = Some(unix_ms);
        }
        self.last = Mutex::default();
        self
    }

    /// Texts that end an answer besides the model's own end token.
    pub fn stop_sequences(&self) -> &[String] {
        &self.stop_sequences
    }

    /// Writes the chat up to where the model's answer begins.
    ///
    /// Contents are in the result as they are, except for outer white space where the template
    /// removes it. For templates without a system role, the system message becomes the
    /// beginning of the first user message.
    pub fn render(&self, messages: &[Message]) -> Result<Vec<Segment>, LLMError> {
        let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
        Ok(self.layout(roles)?.fill(messages))
    }

    fn layout(&self, roles: Vec<Role>) -> Result<Arc<Layout>, LLMError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, layout)) = last.as_ref()
            && *known == roles
        {
            return Ok(Arc::clone(layout));
        }
        let layout = Arc::new(match &self.form {
            Form::Plain => plain::layout(&roles),
            Form::Jinja { .. } => self.jinja_layout(&roles)?,
        });
        *last = Some((roles, Arc::clone(&layout)));
        Ok(layout)
    }

    fn jinja_layout(&self, roles: &[Role]) -> Result<Layout, LLMError> {
        match self.jinja_pieces(roles) {
            Ok(pieces) => Ok(Layout { pieces, merges_system: false }),
            Err(refused) => match roles {
                // No system role, or one that is silently dropped: say it as the user.
                [Role::System, rest @ ..] if rest.first() == Some(&Role::User) => {
                    let pieces = self.jinja_pieces(rest).map_err(|_also_refused| refused)?;
                    Ok(Layout { pieces, merges_system: true })
                }
                _ => Err(refused),
            },
        }
    }

    fn jinja_pieces(&self, roles: &[Role]) -> Result<Vec<Piece>, LLMError> {
        let plain = layout::split(&self.jinja_text(roles, "", "")?, roles.len()).map_err(failed)?;
        // What is left of white space around a content tells what the template removes.
        let probed = self
            .jinja_text(roles, layout::LEADING_PROBE, layout::TRAILING_PROBE)
            .ok()
            .and_then(|text| layout::split(&text, roles.len()).ok());
        Ok(layout::pieces(plain, probed.as_ref()))
    }

    fn jinja_text(&self, roles: &[Role], before: &str, after: &str) -> Result<String, LLMError> {
        let Form::Jinja { source, bos, eos, now_ms } = &self.form else { return Ok(String::new()) };
        let messages: Vec<Value> = roles
            .iter()
            .enumerate()
            .map(|(index, role)| {
                let content = format!("{before}{}{after}", layout::placeholder(index));
                context! { role => role.as_str(), content => content }
            })
            .collect();
        let variables = context! {
            messages => messages,
            bos_token => bos,
            eos_token => eos,
            add_generation_prompt => true,
            enable_thinking => false,
            tools => (),
            documents => (),
        };
        sandbox::render(source, &variables, roles.len(), *now_ms).map_err(failed)
    }
}

fn failed(reason: String) -> LLMError {
    LLMError::ChatTemplate { reason }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod tests;
