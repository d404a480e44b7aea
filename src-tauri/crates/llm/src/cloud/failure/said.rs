//! What servers say when they fail, in the many shapes they say it in.

use serde_json::{Map, Value};

/// How deep errors are wrapped in errors: what is deeper is left unread.
const MAX_DEPTH: u32 = 8;

/// A server's own words, as far as they were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// For people; empty if there is none.
    pub(super) message: String,
    /// The code or the codes, in small letters, with a space between.
    pub(super) code: String,
    /// The kind of error, in small letters.
    pub(super) kind: String,
    /// The parameter that it is about.
    pub(super) param: String,
    /// Reasons of a moderator, without what they were found in.
    pub(super) flagged: bool,
    /// Tokens of the prompt and of the context, where they are said as figures.
    pub(super) tokens: Option<(u64, u64)>,
    /// Seconds to wait.
    pub(super) wait_s: Option<f64>,
    /// When the limit is reset, as it is said in a header that was passed on.
    pub(super) reset: Option<String>,
    /// Whether the body is a page for browsers.
    pub(super) is_page: bool,
    /// The status in figures, for [`Self::status`].
    pub(super) figure: Option<u16>,
}

impl Said {
    pub(super) fn of_body(body: &str) -> Self {
        let body = body.trim_start_matches('\u{feff}').trim();
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            return Self::of_value(&value);
        }
        if body.starts_with('<') {
            return Self { is_page: true, message: title_of(body), ..Self::default() };
        }
        // A server may send its error as an event although the status says it failed.
        let event = body.lines().find_map(|line| line.strip_prefix("data:"));
        if let Some(value) = event.and_then(|data| serde_json::from_str::<Value>(data).ok()) {
            return Self::of_value(&value);
        }
        Self { message: body.to_owned(), ..Self::default() }
    }

    pub(super) fn of_value(value: &Value) -> Self {
        let mut said = Self::default();
        said.read(value, 0);
        said
    }

    /// The status that is said in words or figures.
    pub(super) fn status(&self) -> Option<u16> {
        let status_of = |word: &str| match word {
            "invalid_request_error"
            | "badrequesterror"
            | "bad_request"
            | "exceed_context_size_error"
            | "context_length_exceeded"
            | "content_filter"
            | "content_policy_violation"
            | "invalid_prompt" => Some(400),
            "authentication_error" | "invalid_api_key" | "unauthorized" => Some(401),
            "permission_error" | "permission_denied_error" | "forbidden" => Some(403),
            "not_found_error" | "notfounderror" | "model_not_found" | "model_not_supported" => {
                Some(404)
            }
            "rate_limit_error"
            | "rate_limit_exceeded"
            | "ratelimiterror"
            | "too_many_requests"
            | "insufficient_quota"
            | "rate_limit" => Some(429),
            "overloaded_error" => Some(529),
            "unavailable_error" | "service_unavailable" => Some(503),
            _ => None,
        };
        let mut names = self.code.split(' ').chain([self.kind.as_str()]);
        self.figure.or_else(|| names.find_map(status_of))
    }

    fn read(&mut self, value: &Value, depth: u32) {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Value::String(text) => self.read_text(text, depth),
            Value::Array(items) => items.iter().take(4).for_each(|item| self.read(item, depth + 1)),
            Value::Object(object) => self.read_object(object, depth),
            _ => {}
        }
    }

    /// A text is a message, or an error that was passed on as it came.
    fn read_text(&mut self, text: &str, depth: u32) {
        let trimmed = text.trim();
        if trimmed.starts_with(['{', '['])
            && let Ok(value) = serde_json::from_str::<Value>(trimmed)
        {
            self.read(&value, depth + 1);
        } else if !trimmed.is_empty() && (depth == 0 || !trimmed.starts_with('<')) {
            // What comes later lies deeper and is the cause: it says more than the wrapping.
            trimmed.clone_into(&mut self.message);
        }
    }

    fn read_object(&mut self, object: &Map<String, Value>, depth: u32) {
        for name in ["message", "msg", "detail", "error_description"] {
            if let Some(value) = object.get(name) {
                self.read(value, depth + 1);
            }
        }
        match object.get("code").or_else(|| object.get("status_code")) {
            Some(Value::String(code)) => self.add_code(code),
            Some(Value::Number(number)) => self.set_status(number.as_u64()),
            _ => {}
        }
        if let Some(Value::Number(number)) = object.get("status") {
            self.set_status(number.as_u64());
        }
        if let Some(Value::String(status)) = object.get("status") {
            self.add_code(status);
        }
        if let Some(Value::String(kind)) = object.get("type") {
            self.kind = kind.to_lowercase();
        }
        match (object.get("param"), object.get("loc")) {
            (Some(Value::String(param)), _) => self.param.clone_from(param),
            // Where a checker of bodies found it: `["body", "logprobs"]`.
            (_, Some(Value::Array(steps))) => {
                let steps = steps.iter().filter_map(Value::as_str);
                self.param = steps.filter(|step| *step != "body").collect::<Vec<_>>().join(".");
            }
            _ => {}
        }
        let tokens = |name: &str| object.get(name).and_then(Value::as_u64);
        if let (Some(needed), Some(available)) = (tokens("n_prompt_tokens"), tokens("n_ctx")) {
            self.tokens = Some((needed, available));
        }
        for name in ["retry_after", "retry_after_seconds", "estimated_time"] {
            self.wait_s = self.wait_s.or_else(|| object.get(name).and_then(Value::as_f64));
        }
        if let Some(Value::Object(metadata)) = object.get("metadata") {
            self.read_metadata(metadata, depth);
        }
        if let Some(inner) = object.get("innererror") {
            self.read_codes_of(inner);
        }
        for name in ["error", "errors"] {
            if let Some(error) = object.get(name) {
                self.read(error, depth + 1);
            }
        }
    }

    /// What a router knows of the failure of the provider behind it.
    fn read_metadata(&mut self, metadata: &Map<String, Value>, depth: u32) {
        self.flagged |= metadata.contains_key("flagged_input")
            || metadata.get("reasons").is_some_and(Value::is_array);
        let headers = metadata.get("headers").and_then(Value::as_object);
        self.reset = headers.into_iter().flatten().find_map(|(name, value)| {
            let is_reset = name.eq_ignore_ascii_case("x-ratelimit-reset");
            is_reset.then(|| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
        for name in ["retry_after", "retry_after_seconds"] {
            self.wait_s = self.wait_s.or_else(|| metadata.get(name).and_then(Value::as_f64));
        }
        if let Some(raw) = metadata.get("raw") {
            // The router's own status stands: it is the one that was answered with.
            let figure = self.figure;
            self.read(raw, depth + 1);
            self.figure = figure.or(self.figure);
        }
    }

    fn read_codes_of(&mut self, inner: &Value) {
        if let Some(code) = inner.get("code").and_then(Value::as_str) {
            self.add_code(code);
        }
    }

    fn add_code(&mut self, code: &str) {
        if let Ok(status) = code.parse::<u64>() {
            self.set_status(Some(status));
            return;
        }
        if !self.code.is_empty() {
            self.code.push(' ');
        }
        self.code.push_str(&code.to_lowercase());
    }

    fn set_status(&mut self, status: Option<u64>) {
        let status = status.filter(|status| (400..600).contains(status));
        self.figure = status.map(|status| status as u16).or(self.figure);
    }
}

/// The title of a page, which is all of it that is worth showing.
fn title_of(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title>").map(|at| at + "<title>".len());
    let title = start.and_then(|start| {
        let end = lower[start..].find("</title>")? + start;
        Some(page[start..end].trim().to_owned())
    });
    title.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_found_in_every_shape() {
        let shapes = [
            r#"{"error":{"message":"said","type":"t","code":null,"param":null}}"#,
            r#"{"error":"said"}"#,
            r#"{"object":"error","message":"said","code":404}"#,
            r#"{"detail":"said"}"#,
            r#"{"detail":[{"loc":["body","x"],"msg":"said","type":"value_error"}]}"#,
            r#"{"errors":["said"]}"#,
            r#"[{"error":{"code":400,"message":"said","status":"INVALID_ARGUMENT"}}]"#,
            r#"{"error":{"message":"wrapped","metadata":{"raw":"{\"error\":{\"message\":\"said\"}}"}}}"#,
            r#"{"error":{"message":"{\"error\":{\"message\":\"said\"}}"}}"#,
            "data: {\"error\":{\"message\":\"said\"}}\n\n",
            "said\n",
            "<!DOCTYPE html><html><head><Title> said </TITLE></head></html>",
            "\u{feff}{\"error\":\"said\"}",
        ];
        for shape in shapes {
            assert_eq!(Said::of_body(shape).message, "said", "{shape}");
        }
        for shape in ["", "{}", "null", "[]", "7", "<html>", "{\"error\":null}", "<title>x"] {
            assert_eq!(Said::of_body(shape).message, "", "{shape}");
        }
    }

    #[test]
    fn a_body_that_is_nested_without_end_is_read_without_harm() {
        let deep = format!("{}1{}", r#"{"error":"#.repeat(100), "}".repeat(100));
        assert_eq!(Said::of_body(&deep).message, "");
        assert_eq!(Said::of_body(&"[".repeat(100_000)).message.len(), 100_000);
    }

    #[test]
    fn a_status_is_read_from_figures_and_names() {
        let status = |text: &str| Said::of_body(text).status();
        assert_eq!(status(r#"{"code":429,"message":"m"}"#), Some(429));
        assert_eq!(status(r#"{"code":"502","message":"m"}"#), Some(502));
        assert_eq!(status(r#"{"type":"overloaded_error"}"#), Some(529));
        assert_eq!(status(r#"{"code":"rate_limit_exceeded"}"#), Some(429));
        assert_eq!(status(r#"{"code":200}"#), None);
        assert_eq!(status(r#"{"message":"m"}"#), None);
    }
}
