//! What a checkpoint says about chats: the template, and the tokens that open and end a text.
//!
//! Repositories of different age say it in different files. Read here, rendered by
//! [`braincells_llm::ChatTemplate`].

use std::path::Path;

use serde_json::Value;

use crate::MlxError;
use crate::file;

/// What the files beside `tokenizer.json` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatFiles {
    /// The source of the chat template; `None` for models that were never taught one.
    pub template: Option<String>,
    /// The text of the token that opens a text.
    pub bos: Option<String>,
    /// The text of the token that ends one.
    pub eos: Option<String>,
}

impl ChatFiles {
    /// Reads `chat_template.jinja` and `tokenizer_config.json`, both of which may be missing; the
    /// first has precedence, as it is the newer form.
    pub fn read(folder: &Path) -> Result<Self, MlxError> {
        let settings = file::settings_if_any(&folder.join("tokenizer_config.json"))?;
        let settings = settings.unwrap_or(Value::Null);
        let own_file = folder.join("chat_template.jinja");
        let template = match file::bytes(&own_file, file::MOST_SETTINGS_BYTES) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|error| MlxError::Tokenizer {
                reason: format!("chat_template.jinja is not text: {error}"),
            })?),
            Err(MlxError::Missing { .. }) => named_template(&settings["chat_template"]),
            Err(error) => return Err(error),
        };
        Ok(Self {
            template,
            bos: token_text(&settings["bos_token"]),
            eos: token_text(&settings["eos_token"]),
        })
    }
}

/// The one template, or of several the one for chats without tools.
fn named_template(value: &Value) -> Option<String> {
    let of_list = || {
        let is_default = |entry: &&Value| entry["name"] == "default";
        value.as_array()?.iter().find(is_default)?["template"].as_str()
    };
    value.as_str().or_else(of_list).map(str::to_owned)
}

/// A token is written as its text, or as an object with more about it.
fn token_text(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value["content"].as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<ChatFiles, MlxError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        ChatFiles::read(folder.path())
    }

    #[test]
    fn every_form_of_a_template_is_found() {
        let settings = json!({
            "chat_template": "old",
            "bos_token": {"content": "<s>", "special": true},
            "eos_token": "</s>"
        })
        .to_string();
        let old = read(&[("tokenizer_config.json", &settings)]).unwrap();
        assert_eq!(old.template.as_deref(), Some("old"));
        assert_eq!((old.bos.as_deref(), old.eos.as_deref()), (Some("<s>"), Some("</s>")));
        let new = read(&[("tokenizer_config.json", &settings), ("chat_template.jinja", "new")]);
        assert_eq!(new.unwrap().template.as_deref(), Some("new"));
        let several = json!({"chat_template": [
            {"name": "tool_use", "template": "tools"},
            {"name": "default", "template": "chats"}
        ]})
        .to_string();
        let several = read(&[("tokenizer_config.json", &several)]).unwrap();
        assert_eq!(several.template.as_deref(), Some("chats"));
        assert_eq!(read(&[]).unwrap(), ChatFiles::default());
    }

    #[test]
    fn what_is_no_text_or_no_json_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("chat_template.jinja"), b"\xff").unwrap();
        assert!(matches!(ChatFiles::read(folder.path()), Err(MlxError::Tokenizer { .. })));
        let broken = read(&[("tokenizer_config.json", "{")]);
        assert!(matches!(broken, Err(MlxError::NotJson { .. })));
    }
}
