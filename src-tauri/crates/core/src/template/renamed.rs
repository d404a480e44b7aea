use super::{CLOSE, OPEN, TemplateError, reference_at};

/// The template with other names in its references and not a byte changed elsewhere. `new_name`
/// gives `None` for a name that stays; all names are replaced at once, so two may be swapped.
///
/// A name that no reference can spell (one with `{{` or `}}` inside, or with spaces around it) is
/// written as it is; the result then refers to something else, which the caller has to refuse.
pub fn renamed(
    text: &str,
    new_name: impl Fn(&str) -> Option<String>,
) -> Result<String, TemplateError> {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find(OPEN).map(|offset| at + offset) {
        let before = &text[at..found];
        let slashes = before.len() - before.trim_end_matches('\\').len();
        if slashes % 2 == 1 {
            result.push_str(&text[at..found + OPEN.len()]);
            at = found + OPEN.len();
            continue;
        }
        let braces = text[found..].len() - text[found..].trim_start_matches('{').len();
        let inner = found + braces;
        let (name, end) = reference_at(text, inner - OPEN.len())?;
        result.push_str(&text[at..inner]);
        let written = &text[inner..end - CLOSE.len()];
        match new_name(name) {
            Some(new) => result.push_str(&written.replacen(name, &guarded(&new), 1)),
            None => result.push_str(written),
        }
        result.push_str(CLOSE);
        at = end;
    }
    result.push_str(&text[at..]);
    Ok(result)
}

/// Keeps the name's own braces apart from those around it.
fn guarded(name: &str) -> String {
    let before = if name.starts_with('{') { " " } else { "" };
    let after = if name.ends_with('}') { " " } else { "" };
    format!("{before}{name}{after}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Template, Value};

    fn swapped(name: &str) -> Option<String> {
        match name {
            "a" => Some("b".to_owned()),
            "b" => Some("a".to_owned()),
            "plain" => Some("{odd}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn only_references_change_and_all_at_once() {
        for (text, expected) in [
            ("{{a}} {{ b }} {{c}} a b", "{{b}} {{ a }} {{c}} a b"),
            (r"\{{a}} \\{{a}} \\\{{a}}", r"\{{a}} \\{{b}} \\\{{a}}"),
            ("{{{a}}} {\"a\": {{a}}}", "{{{b}}} {\"a\": {{b}}}"),
            ("{{plain}}", "{{ {odd} }}"),
            ("{{\ta\n}}é{{é}}", "{{\tb\n}}é{{é}}"),
            ("no reference", "no reference"),
        ] {
            assert_eq!(renamed(text, swapped).as_deref(), Ok(expected));
        }
        assert!(renamed("{{a", swapped).is_err());
    }

    proptest! {
        #[test]
        fn the_same_row_gives_the_same_text(text in r"([{}\\ab \n]|\{\{ ?(a|b|plain) ?\}\}){0,20}") {
            let Ok(template) = Template::parse(&text) else {
                prop_assert!(renamed(&text, swapped).is_err());
                return Ok(());
            };
            let other = Template::parse(&renamed(&text, swapped).unwrap()).unwrap();
            let names: Vec<String> =
                template.references().iter().map(|n| swapped(n).unwrap_or(n.clone())).collect();
            prop_assert_eq!(other.references(), &names[..]);
            let value = |name: &str| Value::from(format!("<{name}>"));
            let cells: Vec<(String, Value)> =
                template.references().iter().map(|name| (name.clone(), value(name))).collect();
            let find = |name: &str| cells.iter().find(|(known, _)| known == name).map(|(_, v)| v);
            let back = |name: &str| {
                let was = template.references().iter().find(|n| swapped(n).as_deref() == Some(name));
                find(was.map_or(name, String::as_str))
            };
            prop_assert_eq!(template.render(find), other.render(back));
        }
    }
}
