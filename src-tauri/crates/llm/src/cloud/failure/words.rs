//! Which words of servers say what. The tables are what was seen in documentation and in answers;
//! codes come first, texts only where servers give no code. `trusts_words` where a text may end the
//! run: else only one that begins with the words does, for what a server repeats stands behind its
//! own words.

use super::said::Said;

fn has_any(text: &str, parts: &[&str]) -> bool {
    let text = text.to_lowercase();
    parts.iter().any(|part| text.contains(part))
}

/// Whether a text begins with one of the parts, as a sentence does.
fn begins_with(text: &str, parts: &[&str]) -> bool {
    let text = text.to_lowercase();
    let fronts = ["", "your ", "you have ", "you "];
    let begins = |front| text.strip_prefix(front).is_some_and(|rest| starts(rest, parts));
    fronts.into_iter().any(begins)
}

fn starts(text: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| text.starts_with(part))
}

fn has_code(said: &Said, codes: &[&str]) -> bool {
    let mut names = said.code.split(' ').chain([said.kind.as_str()]);
    names.any(|name| codes.contains(&name))
}

/// The account has nothing left. Some say "quota" of a limit that is reset in a minute, so the mild
/// wordings count only where no time to wait is given.
pub(super) fn is_about_credit(said: &Said, says_when: bool, trusts_words: bool) -> bool {
    let codes = [
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "insufficient_balance",
        "insufficient_credits",
        "payment_required",
    ];
    let texts = [
        "exceeded your monthly included credits",
        "insufficient credits",
        "insufficient balance",
        "insufficient funds",
        "credit balance is too low",
        "billing hard limit",
        "requires more credits",
        "out of credits",
    ];
    has_code(said, &codes)
        || begins_with(&said.message, &texts)
        || (trusts_words && has_any(&said.message, &texts))
        || (trusts_words
            && !says_when
            && has_any(&said.message, &["exceeded your current quota"])
            && has_any(&said.message, &["billing"]))
}

/// Whatever was asked, a moderator would not have it answered.
pub(super) fn is_refusal(said: &Said) -> bool {
    let codes = [
        "content_filter",
        "content_policy_violation",
        "invalid_prompt",
        "responsibleaipolicyviolation",
        "moderation_blocked",
        "data_inspection_failed",
        "unsafe_content",
    ];
    let texts = [
        "content management policy",
        "content policy",
        "content filter",
        "was flagged",
        "been flagged",
        "requires moderation",
        "usage policy",
        "usage policies",
        "safety system",
        "potentially violating",
        "inappropriate content",
    ];
    said.flagged || has_code(said, &codes) || has_any(&said.message, &texts)
}

/// There is no such model, or not for this account.
pub(super) fn is_about_model(said: &Said, trusts_words: bool) -> bool {
    let codes = [
        "model_not_found",
        "model_not_supported",
        "invalid_model",
        "model_not_available",
        "deploymentnotfound",
        "model_not_loaded",
    ];
    if has_code(said, &codes) || (said.param == "model" && !said.message.is_empty()) {
        return true;
    }
    if !trusts_words {
        return false;
    }
    let whole = [
        "no endpoints found",
        "no models loaded",
        "no model loaded",
        "failed to load model",
        "no allowed providers",
        "not a chat model",
    ];
    let about = ["model", "deployment"];
    let gone = [
        "not found",
        "does not exist",
        "doesn't exist",
        "not exist",
        "not supported by any provider",
        "not a valid model",
        "unknown model",
        "invalid model",
        "not have access to model",
        "not have access to the model",
        "access to model",
        "is gated",
        "gated repo",
        "not available",
        "no longer available",
        "has been deprecated",
        "has been decommissioned",
        "not loaded",
        "try pulling",
        "no such model",
    ];
    has_any(&said.message, &whole)
        || (has_any(&said.message, &about) && has_any(&said.message, &gone))
}

/// A 403 that is about who asks. One without a word is too, until somebody was answered: then it is
/// a filter's, about what was asked.
pub(super) fn is_about_key(said: &Said, trusts_words: bool) -> bool {
    let codes = [
        "invalid_api_key",
        "authentication_error",
        "permission_error",
        "permission_denied",
        "insufficient_permissions",
        "unauthorized",
        "forbidden",
    ];
    let texts = [
        "api key",
        "api-key",
        "api_key",
        "apikey",
        "access token",
        "user token",
        "auth",
        "credential",
        "permission",
        "forbidden",
        "access denied",
        "not allowed to access",
        "key limit",
        "disabled",
        "country, region",
    ];
    has_code(said, &codes)
        || begins_with(&said.message, &["key limit", "api key", "access token"])
        || (trusts_words && (said.message.is_empty() || has_any(&said.message, &texts)))
}

/// A bad key that is told with a status for bad requests.
pub(super) fn is_bad_key(said: &Said, trusts_words: bool) -> bool {
    let texts = [
        "api key not valid",
        "invalid api key",
        "incorrect api key",
        "invalid access token",
        "api key expired",
        "api_key_invalid",
    ];
    has_code(said, &["invalid_api_key", "authentication_error"])
        || begins_with(&said.message, &texts)
        || (trusts_words && has_any(&said.message, &texts))
}

/// A request that alone is more than a minute's tokens: it will never be let in.
pub(super) fn is_too_large_for_the_limit(said: &Said) -> bool {
    said.message.to_lowercase().starts_with("request too large")
}

/// A server that is alive but has no room or no model yet.
pub(super) fn asks_to_wait(said: &Said) -> bool {
    let texts = [
        "loading model",
        "currently loading",
        "model is loading",
        "overloaded",
        "server busy",
        "server is busy",
        "at capacity",
        "too many requests",
        "maximum pending requests",
        "slow down",
    ];
    has_code(said, &["unavailable_error", "overloaded_error"]) || has_any(&said.message, &texts)
}
