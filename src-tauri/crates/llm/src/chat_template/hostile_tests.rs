//! Templates that try to hang the program, to eat its memory or to look around.

use std::time::{Duration, Instant};

use super::shapes::{CHATML, GEMMA, LLAMA, MISTRAL, QWEN};
use super::tests::chat;
use super::*;

/// Far above what any of these takes; a hang would take hours.
const PATIENCE: Duration = Duration::from_secs(20);

fn outcome(source: &str) -> Result<Vec<Segment>, LLMError> {
    let started = Instant::now();
    let result = ChatTemplate::from_source(source, "<s>", "</s>")
        .and_then(|template| template.render(&chat(&[(Role::User, "x")])));
    let took = started.elapsed();
    assert!(took < PATIENCE, "{took:?} for {}", source.chars().take(200).collect::<String>());
    result
}

fn refused(source: &str) {
    let error = outcome(source).expect_err(&source.chars().take(200).collect::<String>());
    assert!(matches!(error, LLMError::ChatTemplate { .. }), "{error}");
}

#[test]
fn endless_work_runs_out_of_fuel() {
    for source in [
        "{% for a in range(10**9) %}x{% endfor %}",
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ a }}{% endfor %}{{ messages[0].content }}",
        "{% for a in range(99999) if a > 99999 %}{% endfor %}{% for b in range(99999) %}\
         {% endfor %}",
        "{% set ns = namespace(s=range(99999)) %}{% for a in range(9999) %}\
         {{ ns.s|list|length }}{% endfor %}",
        "{% for a in range(9999) %}{% if range(99999)|max == 0 %}{% endif %}{% endfor %}",
        "{% for a in range(9999) %}{% if 5 in range(99999)|sort %}{% endif %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in 'x' %}{{ loop.length }}{% endfor %}{% endfor %}",
    ] {
        refused(source);
    }
}

#[test]
fn texts_that_double_are_stopped() {
    let loops = "{% for i in range(200) %}";
    for step in [
        "{% set ns.x = ns.x ~ ns.x %}",
        "{% set ns.x = ns.x + ns.x %}",
        "{% set ns.x = ns.x|replace('a', ns.x) %}",
        "{% set ns.x = ns.x.replace('a', ns.x) %}",
        "{% set ns.x = ns.x.replace('', ns.x) %}",
        "{% set ns.x = [ns.x, ns.x]|join %}",
        "{% set ns.x = [ns.x, '']|join(ns.x) %}",
        "{% set ns.x = ns.x.join([ns.x, ns.x]) %}",
        "{% set ns.x = ns.x|list|join(ns.x) %}",
        "{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}",
        "{% set ns.x = [ns.x, ns.x]|string %}",
        "{% set ns.x = [ns.x, ns.x]|tojson %}",
        "{% set ns.x = (ns.x|map('replace', 'a', ns.x))|join %}",
        "{% set ns.x = ns.x|escape ~ ns.x|upper %}",
        "{% set ns.x %}{% filter upper %}{{ ns.x }}{{ ns.x }}{% endfilter %}{% endset %}",
    ] {
        refused(&format!("{{% set ns = namespace(x='aaaa') %}}{loops}{step}{{% endfor %}}"));
    }
}

#[test]
fn macros_that_double_are_stopped() {
    let nested = format!("{}'a'{}", "twice(".repeat(60), ")".repeat(60));
    refused(&format!(
        "{{% macro twice(t) %}}{{{{ t }}}}{{{{ t }}}}{{% endmacro %}}{{{{ {nested} }}}}"
    ));
}

#[test]
fn multiplied_texts_and_lists_are_refused_before_anything_runs() {
    for source in [
        "{{ 'a' * 10**9 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 'a' * 99999999 }}",
        "{{ [0] * 99999999 }}",
        "{{ 2 ** 99999 }}",
        "{% if false %}{{ 'a' * 99999999 ~ 'a' * 99999999 }}{% endif %}",
    ] {
        let error = ChatTemplate::from_source(source, "", "").unwrap_err();
        assert!(error.to_string().contains("multiplies"), "{error}");
    }
}

#[test]
fn lists_that_double_are_stopped() {
    let loops = "{% for i in range(200) %}";
    for step in [
        "{% set ns.x = [ns.x, ns.x] %}",
        "{% set ns.x = (ns.x, ns.x) %}",
        "{% set ns.x = {'a': ns.x, 'b': ns.x} %}",
        "{% set ns.x = ns.x + ns.x %}",
        "{% set ns.x = ns.x + [ns.x] %}",
        "{% set ns.x = dict(a=ns.x, b=ns.x) %}",
        "{% set ns.x = namespace(a=ns.x, b=ns.x) %}",
        "{% set ns.x = [ns.x] %}",
    ] {
        refused(&format!("{{% set ns = namespace(x=[1]) %}}{loops}{step}{{% endfor %}}"));
    }
}

#[test]
fn values_that_contain_themselves_do_no_harm() {
    let knot = "{% set ns = namespace() %}{% set ns.a = ns %}";
    for use_of_it in [
        "{{ ns }}",
        "{{ ns|tojson }}",
        "{{ ns|string }}",
        "{{ ns == ns }}",
        "{{ [ns]|sort }}",
        "{{ ns in [ns] }}",
        "{{ ns ~ '' }}",
        "{{ {ns: 1} }}",
        "{{ ns|items|list }}",
    ] {
        refused(&format!("{knot}{use_of_it}"));
    }
    let chain = "{% set ns = namespace() %}{% for i in range(2000) %}\
                 {% set inner = namespace() %}{% set inner.next = ns.head %}\
                 {% set ns.head = inner %}{% endfor %}{{ messages[0].content }}";
    // Deep, but never looked at: it only has to be taken down without a crash.
    assert_eq!(outcome(chain).map(|segments| segments.len()), Ok(1));
}

#[test]
fn recursion_ends() {
    for source in [
        "{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}{{ again(0) }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    ] {
        refused(source);
    }
}

#[test]
fn a_source_that_is_deep_or_long_does_not_overflow_the_stack() {
    let parentheses = 30_000;
    for source in [
        format!("{{{{ {}1{} }}}}", "(".repeat(parentheses), ")".repeat(parentheses)),
        format!("{{{{ {}1 }}}}", "1+".repeat(30_000)),
        format!("{{{{ x{} }}}}", ".a".repeat(30_000)),
        format!("{{{{ x{} }}}}", "|e".repeat(30_000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(15_000)),
        format!("{{{{ {}1 }}}}", "-".repeat(60_000)),
        format!("{{{{ [{}] }}}}", "1,".repeat(30_000)),
        "{% if x %}".repeat(6_000),
        format!("{{% if x %}}{}{{% endif %}}", "{%elif x%}".repeat(6_000)),
        "{% for a in b %}".repeat(4_000),
        "{{".repeat(32_000),
        "{#".repeat(32_000),
    ] {
        // Some of these are harmless: the point is that the process is still here.
        if let Err(error) = outcome(&source) {
            assert!(matches!(error, LLMError::ChatTemplate { .. }), "{error}");
        }
    }
}

#[test]
fn long_plain_text_costs_fuel() {
    let plain = "lorem ipsum ".repeat(5_000);
    refused(&format!(
        "{{% set x %}}{{% for i in range(99999) %}}{plain}{{% endfor %}}{{% endset %}}"
    ));
    let inside = outcome(&format!("{plain}{{{{ messages[0].content }}}}")).unwrap();
    assert_eq!(inside[0].text, plain, "one long text is fine");
}

#[test]
fn looking_around_finds_nothing() {
    for source in [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__class__.__init__.__globals__['os'].popen('id').read() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lipsum.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{% include 'chat template' %}",
        "{% extends '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{% from 'x' import y %}",
        "{% block a %}x{% endblock %}",
        "{{ open('/etc/passwd') }}",
        "{{ env('HOME') }}",
        "{{ debug() }}",
        "{{ super() }}",
        "{{ '%999999999d'|format(1) }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'a'|indent(999999999) }}",
        "{{ [1]|tojson(indent=999999999) }}",
        "{{ [1]|batch(999999999, 'x') }}",
        "{% set x = 2 %}{{ 1 < x < 3 }}",
    ] {
        refused(source);
        refused(&format!("{source}{{{{ messages[0].content }}}}"));
    }
}

#[test]
fn a_long_honest_chat_has_fuel_enough() {
    let mut messages = chat(&[(Role::System, "Rules.")]);
    for turn in 0..500 {
        messages.push(Message::new(Role::User, format!("question {turn}")));
        messages.push(Message::new(Role::Assistant, format!("answer {turn}")));
    }
    messages.push(Message::new(Role::User, "last"));
    for source in [CHATML, LLAMA, GEMMA, MISTRAL, QWEN] {
        let segments =
            ChatTemplate::from_source(source, "", "").unwrap().render(&messages).unwrap();
        let contents: usize =
            segments.iter().filter(|segment| segment.is_data).map(|data| data.text.len()).sum();
        let said: usize = messages.iter().map(|message| message.content.len()).sum();
        assert!(contents >= said, "{contents} of {said} bytes in {source}");
    }
}
